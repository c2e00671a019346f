// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>
#include <sys/types.h>

#include "box/output_relay.hpp"
#include "box/run_outcome.hpp"
#include "support/fd.hpp"

namespace agentbox::box {

/// The objects that supervise() watches besides the attached process.
struct Watch {
  /// The file to which the hook writes the firewall's process id; without it no firewall is watched.
  std::optional<std::filesystem::path> firewall_pid;
  /// Podman's --pidfile of the agent. When the agent ends, the firewall is stopped; if that ends earlier, it has died.
  std::optional<std::filesystem::path> agent_pid;
  OutputRelay* relay = nullptr;                                     ///< of the attached process
  std::function<void()> agent_started = {};                         ///< called once, when the agent's process is known
  std::chrono::milliseconds term_grace = std::chrono::seconds(5);   ///< after SIGTERM was passed on
  std::chrono::milliseconds hangup_grace = std::chrono::seconds(2); ///< after SIGHUP was passed on
  /// Time that the agent may outlive its firewall.
  std::chrono::milliseconds firewall_grace = std::chrono::milliseconds(1000);
  int interrupts_to_force = 3; ///< SIGINTs, each within a second of the last, that end a box that ignores them
};

/// Work that is done while the box runs.
struct PeriodicTask {
  std::function<std::chrono::milliseconds()> run; ///< returns the time until it is to be called again
  std::chrono::milliseconds first{0};             ///< the time until the first call
};

/// Waits for child `pid` (a podman attached to our terminal) and passes on the signals that did not reach it by
/// themselves. Calls `task` meanwhile. If the reason is not `ended`, the child still runs on return, and ends
/// with the teardown. `problems` and `started` are left to the caller.
RunOutcome supervise(pid_t pid, const Watch& watch, const PeriodicTask& task = {});

/// Sends SIGTERM to `process` (a pidfd, not of a child), and SIGKILL after `patience`. Returns when it has ended, or
/// `patience` later.
void stop_process(const support::Fd& process, std::chrono::milliseconds patience);

/// The name of the firewall's process, for support::open_process().
inline constexpr std::string_view k_firewall_comm = "agentbox-firewall";

} // namespace agentbox::box
