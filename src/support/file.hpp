// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "support/fd.hpp"

namespace agentbox::support {

/// Reads from `fd` to its end. Throws Error(failed), which calls it `name`, including for more than `max_bytes`.
std::string read_all(int fd, const std::string& name, std::size_t max_bytes);

/// Writes `content` to `fd`. Throws Error(failed), which calls it `name`.
void write_all(int fd, std::string_view content, const std::string& name);

/// Returns the content of regular file `path`. Throws Error(failed) naming the path when it cannot be read, is longer
/// than `max_bytes`, or is not a regular file (it is opened with O_NONBLOCK, so a FIFO does not block).
std::string read_file(const std::filesystem::path& path, std::size_t max_bytes);

/// Returns read_file(), or nothing when there is no such file.
std::optional<std::string> read_file_if_exists(const std::filesystem::path& path, std::size_t max_bytes);

/// Returns read_file_if_exists() of `directory`/`relative` that follows no symbolic link below `directory`, whose
/// content is not trusted. `relative` must be normal (no ".."). Throws Error(refused) for a symbolic link.
std::optional<std::string> read_file_beneath(const std::filesystem::path& directory,
                                             const std::filesystem::path& relative, std::size_t max_bytes);

/// Replaces `path` with `content` atomically: writes a new file beside it with `mode`, then rename(2).
void write_file(const std::filesystem::path& path, std::string_view content, mode_t mode = 0600);

/// Returns a string that changes when the file does: size, mtime, ctime (which nobody can set back), inode;
/// "missing" for a file that does not exist.
std::string fingerprint(const std::filesystem::path& path);

/// Makes directory `path` and its missing parents with mode 0700. An existing `path` must be a directory that belongs
/// to us, not a symbolic link, and not writable by others. Throws Error(failed).
void make_private_directory(const std::filesystem::path& path);

/// Returns the home directory of the user's passwd entry, regardless of $HOME; nothing when there is no entry.
std::optional<std::filesystem::path> passwd_home();

/// Returns the user name of the user's passwd entry; nothing when there is no entry.
std::optional<std::string> passwd_name();

/// Returns $HOME, or passwd_home(). Throws Error(failed) when neither is an absolute path.
std::filesystem::path home_directory();

/// Return $XDG_CONFIG_HOME/agentbox, $XDG_STATE_HOME/agentbox, $XDG_CACHE_HOME/agentbox and $XDG_RUNTIME_DIR/agentbox,
/// with the defaults of the XDG base directory specification (runtime: /run/user/UID, else /tmp/agentbox-UID). Relative
/// values are ignored, as the specification requires. Create nothing.
std::filesystem::path config_directory();
std::filesystem::path state_directory();
std::filesystem::path cache_directory();
std::filesystem::path runtime_directory();

} // namespace agentbox::support
