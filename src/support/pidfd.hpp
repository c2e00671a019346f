// SPDX-License-Identifier: Apache-2.0
// Processes by descriptor instead of id, because ids are reused: pidfd_open(2).
#pragma once
#include <chrono>
#include <filesystem>
#include <optional>
#include <string_view>
#include <sys/types.h>

#include "support/fd.hpp"

namespace agentbox::support {

/// Returns a descriptor of process `pid`, or an empty one and errno.
Fd open_pidfd(pid_t pid) noexcept;

/// Like open_pidfd(), for an id that may be stale: also none when the process is not named `comm` (proc(5): its
/// program's name, of which the kernel keeps 15 bytes). The name is read after the descriptor is open, so it is that
/// process's. An empty `comm` matches any.
Fd open_process(pid_t pid, std::string_view comm);

/// Returns the process id in `file`; none while there is no such file, or nothing in it.
std::optional<pid_t> read_pid(const std::filesystem::path& file);

/// Returns whether the process of `pidfd` has ended, without waiting.
bool has_ended(const Fd& pidfd) noexcept;

/// Waits at most `patience` for the process of `pidfd` and returns whether it has ended. Throws Error(failed),
/// Interrupted.
bool ends_within(const Fd& pidfd, std::chrono::milliseconds patience);

/// Sends `signal` to the process of `pidfd`; does nothing when it has ended.
void send_signal(const Fd& pidfd, int signal) noexcept;

} // namespace agentbox::support
