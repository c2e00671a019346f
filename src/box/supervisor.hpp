// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <sys/types.h>

#include "support/command.hpp"
#include "support/signals.hpp"

namespace agentbox::box {

/// How the attached process is watched.
struct Watch {
  /// The file in which the hook writes the firewall's process id; none: there is no firewall to watch.
  std::optional<std::filesystem::path> firewall_pid;
  /// Podman's --pidfile of the agent. At the agent's end the firewall is stopped; a firewall that ends before has died.
  std::optional<std::filesystem::path> agent_pid;
  std::function<void()> agent_started = {};                         ///< called once, when the agent's process is known
  std::chrono::milliseconds term_grace = std::chrono::seconds(5);   ///< after SIGTERM was passed on
  std::chrono::milliseconds hangup_grace = std::chrono::seconds(2); ///< after SIGHUP was passed on
  /// How long the agent may outlive its firewall.
  std::chrono::milliseconds firewall_grace = std::chrono::milliseconds(1000);
  int interrupts_to_force = 3; ///< so many SIGINT, each within a second of the one before, end what ignores them
};

/// Something else that is looked after while the box runs.
struct Aside {
  std::function<std::chrono::milliseconds()> look; ///< returns when it is to be called again
  std::chrono::milliseconds first{0};              ///< when it is called for the first time
};

/// Why supervise() came back.
struct Outcome {
  enum class Reason {
    ended,         ///< by itself, or by a signal that was passed on; `status` says how
    forced,        ///< did not end in time after a signal; still runs
    firewall_died, ///< the firewall ended and the attached process did not; still runs
  };
  Reason reason = Reason::ended;
  support::ExitStatus status; ///< of the process (ended), else 128 + signal or 0
};

/// Waits for child `pid` (a podman that is attached to our terminal), passing on signals that did not reach it by
/// themselves. Does not kill it: the teardown does. Looks after `aside` meanwhile.
Outcome supervise(pid_t pid, const support::Signals& signals, const Watch& watch, const Aside& aside = {});

/// Waits at most `patience` for child `pid` to end, then kills it. Its status.
support::ExitStatus reap(pid_t pid, std::chrono::milliseconds patience);

/// Sends SIGTERM to process `pid`, and SIGKILL when it still runs after `patience`. Not a child; no error when it is
/// gone.
void stop_process(pid_t pid, std::chrono::milliseconds patience);

} // namespace agentbox::box
