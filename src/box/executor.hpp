// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "box/plan.hpp"
#include "box/supervisor.hpp"

namespace agentbox::box {

/// Does what `plan` says, step by step, and its whole teardown whatever happens. Throws the error of a step that failed
/// after the teardown, whose own problems are logged then; Interrupted likewise. `before_teardown` is called while the
/// session's files are still there; `task` runs while the agent does.
RunOutcome execute(const Plan& plan, const std::function<void()>& before_teardown = {}, const PeriodicTask& task = {});

/// Does every step of a teardown and returns what went wrong. The folder stays when something did: it is how the next
/// call finds what is left.
std::vector<std::string> tear_down(const std::vector<TeardownStep>& steps);

/// Cleans up after launchers that died: their pods and folders. One line on stderr for each. What cannot be removed is
/// reported and tried again by the next call; it weakens no box.
void sweep(const podman::Podman& podman);

} // namespace agentbox::box
