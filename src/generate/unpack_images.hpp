// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>

#include "podman/installation.hpp"
#include "podman/podman.hpp"
#include "policy/types.hpp"
#include "support/fd.hpp"

namespace agentbox::generate {

/// Unpacks image `image` of the user's store to the new directory `rootfs`, owned as the box sees it: `podman create`
/// of container `name`, which is never started (one that a killed run left is replaced), `podman export` into
/// `scratch`, and agentbox-unpack under `podman unshare`. The files get SELinux context `context`, if not empty. Throws
/// support::Error, with the unpacker's message for a hostile image.
void unpack_rootfs(const podman::Podman& podman, const podman::Installation& installation, const std::string& image,
                   const policy::User& user, const std::filesystem::path& rootfs, const std::filesystem::path& scratch,
                   const std::string& name, const std::string& context);

/// Removes what is in `directory` except the file `kept`, including what belongs to subordinate IDs (with Podman's
/// help). Follows no links. Throws support::Error.
void remove_content(const support::Fd& directory, const std::string& kept);

} // namespace agentbox::generate
