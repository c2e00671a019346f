// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>

namespace agentbox::image {

/// The base that --base names.
struct BaseChoice {
  enum class Kind { reference, directory, tarball };
  Kind kind = Kind::reference;
  std::string text;           ///< as the user gave it
  std::filesystem::path path; ///< of a directory or tarball: canonical

  bool operator==(const BaseChoice&) const = default;
};

/// Parses an image reference, "dir:PATH" or "tar:PATH". Throws Error(usage) for an invalid reference, for one of
/// Podman's transports (they load archives and directories), and for a path that does not exist or is of the wrong
/// kind. Throws Error(refused) for a path inside `workspace`, where the agent can write, and for a reference with a
/// password.
BaseChoice parse_base(const std::string& text, const std::optional<std::filesystem::path>& workspace);

/// Returns the base's part of the key under which an image is remembered: its text, for a directory or tarball also
/// its stat(2) data, and for a directory those of files in it that change with every package.
std::string identity_of(const BaseChoice& choice);

} // namespace agentbox::image
