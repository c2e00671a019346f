// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "box/plan.hpp"
#include "box/supervisor.hpp"
#include "support/signals.hpp"

namespace agentbox::box {

/// How a run went.
struct Result {
  int exit_code = 0;
  bool started = false; ///< the agent's container was made
  Outcome outcome;
  std::vector<std::string> problems; ///< of the teardown, all of them
};

/// Does what `plan` says, step by step, and its whole teardown whatever happens. The error of a step that failed is
/// thrown after the teardown; what went wrong in the teardown is reported by spdlog then. `before_teardown` is called
/// while the session's files are still there; `aside` is looked after while the agent runs.
Result execute(const Plan& plan, const support::Signals& signals, const std::function<void()>& before_teardown = {},
               const Aside& aside = {});

/// Does every step of a teardown and returns what went wrong. The folder stays when something did: it is how the next
/// call finds what is left.
std::vector<std::string> tear_down(const std::vector<TeardownStep>& steps);

/// Cleans up after launchers that died: their pods and folders. One line on stderr for each. What cannot be removed is
/// reported and tried again by the next call; it weakens no box.
void sweep(const podman::Podman& podman);

} // namespace agentbox::box
