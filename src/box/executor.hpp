// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "box/plan.hpp"
#include "box/supervisor.hpp"
#include "boxes/registry.hpp"

namespace agentbox::box {

/// Executes `plan` in the session of `claim`, step by step, and always its whole teardown. After the
/// teardown, throws the error of the step that failed, or Interrupted; problems of the teardown are then logged only.
/// `before_teardown` is called while the session's files are still there; `task` runs while the agent does.
RunOutcome execute(const Plan& plan, const boxes::Claim& claim, const std::function<void()>& before_teardown = {},
                   const PeriodicTask& task = {});

/// Does every step of a teardown in the session of `claim` and returns all errors. After an error the session directory
/// stays, so that the next call finds the leftovers.
std::vector<std::string> tear_down(const std::vector<TeardownStep>& steps, const boxes::Claim& claim);

/// Removes the pods, session and scratch directories of launchers that died, and logs a line for each box. Returns the
/// names of those that could not be removed; the next call tries again. A box that another process is cleaning up is
/// skipped, except `wanted`, which it waits for. Throws Interrupted.
std::vector<std::string> sweep(const podman::Podman& podman, const std::string& wanted = {});

} // namespace agentbox::box
