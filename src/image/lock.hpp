// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace agentbox::image {

/// A tarball of the npm registry, pinned.
struct PinnedPackage {
  std::string name;      ///< "@openai/codex"
  std::string version;   ///< "0.169.0-linux-x64"
  std::string integrity; ///< "sha512-" and base64, as npm writes it

  bool operator==(const PinnedPackage&) const = default;
};

/// A version of an agent, with its package for each platform ("linux-x64", "linux-arm64-musl", "any").
struct PinnedAgent {
  std::string version;
  std::map<std::string, PinnedPackage> packages;
  std::string program = {}; ///< path in the package; only for an agent that a configuration installs

  bool operator==(const PinnedAgent&) const = default;
};

/// The lock file: the versions of the agents in an image, and the hashes of their packages.
struct AgentsLock {
  std::map<std::string, PinnedAgent> agents;

  bool operator==(const AgentsLock&) const = default;
};

/// Returns whether `text` is a version by the rules of semver.org, which may become part of a path and a URL. Pure.
bool is_version(std::string_view text);

/// Returns whether `text` is "sha512-" and the base64 of a SHA-512. Pure.
bool is_integrity(std::string_view text);

/// Parses a lock file strictly. Throws support::Error(usage) naming `where` for invalid JSON, a file version other than
/// 1, unknown keys, and malformed names, versions and integrities.
AgentsLock parse_lock(std::string_view text, std::string_view where);

/// Returns the text of the lock file: sorted keys, two-space indent, a final newline.
std::string to_json(const AgentsLock& lock);

/// Returns the path of the lock file in force: state_directory()/agents.lock.json if `agentbox update` has written it,
/// else the installed one.
std::filesystem::path lock_path(const std::filesystem::path& share);

/// Returns whether `text` is a relative path of letters, digits and . _ - @ / without "." and ".." parts. Pure.
bool is_program_path(std::string_view text);

/// Writes the agents of `lock` to state_directory()/agents.lock.json, which overrides the installed file and keeps its
/// other agents.
void write_lock(const AgentsLock& lock);

/// Reads lock_path(); adds agents that the user's own file lacks from the installed one.
AgentsLock load_lock(const std::filesystem::path& share);

/// Returns the package of `agent` for machine `arch` ("x64", "arm64") and the image's C library. A vendor with static
/// binaries has no variant for musl. Throws support::Error(failed) when there is none.
const PinnedPackage& package_for(const PinnedAgent& agent, std::string_view name, std::string_view arch, bool musl);

} // namespace agentbox::image
