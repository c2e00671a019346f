// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

namespace agentbox::box {

/// The outcome of a run. A failure after it (teardown, review, pruning) adds to `problems` and changes nothing else.
struct RunOutcome {
  enum class Reason {
    ended,         ///< by itself, or by a signal that was passed on
    forced,        ///< did not end in time after a signal
    firewall_died, ///< the firewall ended before the agent
  };
  Reason reason = Reason::ended;
  int exit_code = 0;    ///< the command's own, or 128 + signal
  int signal = 0;       ///< the signal that ended Podman or the run; 0: none
  bool started = false; ///< the agent's container was created. If false without a signal, Podman printed the reason
  std::vector<std::string> problems; ///< of the teardown
};

} // namespace agentbox::box
