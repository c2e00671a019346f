// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace agentbox::support {

/// The whole of regular file `path`, at most `max_bytes` long. FIFOs, devices and folders are refused (opened
/// O_NONBLOCK, then fstat). Throws Error(failed) naming the path.
std::string read_file(const std::filesystem::path& path, std::size_t max_bytes);

/// Like read_file, or nothing when there is no such file.
std::optional<std::string> read_file_if_exists(const std::filesystem::path& path, std::size_t max_bytes);

/// Like read_file_if_exists for `folder`/`relative`, without following a symbolic link in any part of `relative`, which
/// must be normal (no ".."): for folders whose content somebody else may have made. Throws Error(refused) on a link.
std::optional<std::string> read_file_beneath(const std::filesystem::path& folder, const std::filesystem::path& relative,
                                             std::size_t max_bytes);

/// Replaces `path` with `content` in one step: a file aside (O_EXCL|O_NOFOLLOW, `mode`), then rename(2).
void write_file(const std::filesystem::path& path, std::string_view content, mode_t mode = 0600);

/// Makes `path` and its missing parents with mode 0700. An existing `path` must be a folder that belongs to us (not a
/// symbolic link, not writable by others). Throws Error(failed).
void make_private_folder(const std::filesystem::path& path);

/// The home folder of the user's passwd entry, whatever $HOME says; none when there is no such entry.
std::optional<std::filesystem::path> passwd_home();

/// $HOME, or the passwd entry's folder. Throws Error(failed) when neither is an absolute path.
std::filesystem::path home_folder();

/// $XDG_CONFIG_HOME/agentbox, $XDG_STATE_HOME/agentbox, $XDG_CACHE_HOME/agentbox and $XDG_RUNTIME_DIR/agentbox, with
/// the defaults of the XDG base directory specification (runtime: /run/user/UID, else a 0700 folder below /tmp).
/// Relative values are ignored, as the specification says. Nothing is created.
std::filesystem::path config_folder();
std::filesystem::path state_folder();
std::filesystem::path cache_folder();
std::filesystem::path runtime_folder();

} // namespace agentbox::support
