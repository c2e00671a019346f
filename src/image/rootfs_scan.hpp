// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>

namespace agentbox::image {

/// Reads `archive`, a tar of a root filesystem (plain, gzip, bzip2, xz or zstd), to its end and throws Error(refused)
/// naming the first entry that looks like a credential, because everything in a base stays in the image. `base` is the
/// user's name for it ("dir:/srv/root").
/// Searches files of any size for keys, and configuration files also for addresses with a password. Checks names too;
/// where package managers write (usr, etc, var/lib, ...), only hidden ones and ssh host keys. Skips what packages
/// publish (documentation, self-tests, and examples below /usr) unless there is a hard link to it from elsewhere. Also
/// refuses an entry that it cannot judge: a name that cannot be read, or one below a symbolic link of the same archive.
/// Does not open archives inside the archive. Throws Error(usage) when `archive` is not a tar archive, and Interrupted.
void refuse_credentials_in_rootfs(const std::filesystem::path& archive, const std::string& base);

} // namespace agentbox::image
