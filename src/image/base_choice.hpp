// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>

namespace agentbox::image {

/// What --base names.
struct BaseChoice {
  enum class Kind { reference, folder, tarball };
  Kind kind = Kind::reference;
  std::string text;           ///< as it was asked for
  std::filesystem::path path; ///< folder and tarball: canonical

  bool operator==(const BaseChoice&) const = default;
};

/// Reads an image reference, "dir:PATH" or "tar:PATH". Throws Error(usage): a reference that is none, or that names one
/// of Podman's transports (they load archives and folders); a path that is missing or of the wrong kind. Throws
/// Error(refused): a path inside `workspace` (the agent writes there), a reference with a password in it.
BaseChoice parse_base(const std::string& text, const std::optional<std::filesystem::path>& workspace);

/// Cheap identity of the choice: its text, and for a folder or tarball what stat(2) says of it and of the files in it
/// that change with every package. Part of the key under which an image is remembered.
std::string identity_of(const BaseChoice& choice);

/// Throws Error(refused) naming the first file in the root folder or tarball that looks like a credential: keys in
/// homes, .netrc, host keys of ssh. They would stay in the image. Reads names only.
void refuse_credentials_in_rootfs(const BaseChoice& choice);

} // namespace agentbox::image
