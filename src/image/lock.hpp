// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace agentbox::image {

/// One tarball of the npm registry, pinned.
struct PinnedPackage {
  std::string name;      ///< "@openai/codex"
  std::string version;   ///< "0.169.0-linux-x64"
  std::string integrity; ///< "sha512-" and base64, as npm writes it

  bool operator==(const PinnedPackage&) const = default;
};

/// An agent at one version, for each platform its vendor publishes ("linux-x64", "linux-arm64-musl").
struct PinnedAgent {
  std::string version;
  std::map<std::string, PinnedPackage> packages;

  bool operator==(const PinnedAgent&) const = default;
};

/// The lock file: which versions of the agents go into an image, and what their bytes must hash to.
struct AgentsLock {
  std::map<std::string, PinnedAgent> agents;

  bool operator==(const AgentsLock&) const = default;
};

/// Reads a lock file; strict. Throws support::Error(usage) naming `where`: no JSON, another version, unknown keys,
/// package names, versions or integrities that are not of npm's form.
AgentsLock parse_lock(std::string_view text, std::string_view where);

/// The lock file's text: keys sorted, two-space indent, a final newline.
std::string to_json(const AgentsLock& lock);

/// The lock file in force: state_folder()/agents.lock.json when `agentbox update` has written one, else the one that
/// agentbox ships.
std::filesystem::path lock_path(const std::filesystem::path& share);

/// The lock in lock_path(). A user's own that lacks an agent which agentbox ships is filled up from the shipped one.
AgentsLock load_lock(const std::filesystem::path& share);

/// The package of `agent` for machine `arch` ("x64", "arm64") with the C library of the image. A vendor whose binaries
/// are static has no variant for musl. Throws support::Error(failed) when there is none.
const PinnedPackage& package_for(const PinnedAgent& agent, std::string_view name, std::string_view arch, bool musl);

} // namespace agentbox::image
