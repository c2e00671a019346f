// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>

namespace agentbox::image {

/// Reads `archive`, a tar of a root filesystem (plain, gzip, bzip2, xz or zstd), to its end and throws Error(refused)
/// naming the first entry that looks like a credential, because everything in a base stays in the image. `base` is the
/// user's word for it ("dir:/srv/root").
/// Files of any size are searched for keys, configuration also for addresses with a password. Names are checked too,
/// where package managers write (usr, etc, var/lib, ...) only hidden ones and the host keys of ssh. Left out is what
/// packages publish: documentation, self-tests, and examples below /usr; a hard link to such a file from elsewhere is
/// not. An entry that cannot be judged is refused too: a name that cannot be read, or one below a symbolic link of the
/// same archive. Archives inside the archive are not opened. Throws Error(usage) when `archive` is not a tar archive,
/// and Interrupted.
void refuse_credentials_in_rootfs(const std::filesystem::path& archive, const std::string& base);

} // namespace agentbox::image
