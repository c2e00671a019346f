// SPDX-License-Identifier: Apache-2.0
// Processes that are not our children, held by descriptor, so that a number cannot come to mean another: pidfd_open(2).
#pragma once
#include <chrono>
#include <sys/types.h>

#include "support/fd.hpp"

namespace agentbox::support {

/// A descriptor of process `pid`; none, with errno, when there is no such process.
Fd open_pidfd(pid_t pid) noexcept;

/// Whether the process of `pidfd` has ended. Does not wait.
bool has_ended(const Fd& pidfd) noexcept;

/// Whether the process of `pidfd` has ended, or does within `patience`. Throws Error(failed), Interrupted.
bool ends_within(const Fd& pidfd, std::chrono::milliseconds patience);

/// Sends `signal` to the process of `pidfd`. No error when it is gone.
void send_signal(const Fd& pidfd, int signal) noexcept;

} // namespace agentbox::support
