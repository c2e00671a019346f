// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace agentbox::attacks {

/// What keeps the box's processes below their limit.
enum class ProcessLimit { cgroup, rlimit, none };

/// Proves from inside that at most `most` processes can run: the pids cgroup says so, or RLIMIT_NPROC is that low and
/// the kernel enforces it for us (for uid 0 and CAP_SYS_RESOURCE it does not), which one fork(2) under a limit of one
/// shows.
ProcessLimit process_limit(std::uint64_t most);

} // namespace agentbox::attacks
