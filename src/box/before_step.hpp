// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>

namespace agentbox::box {

/// The two halves of a plan.
enum class Phase { steps, teardown };

/// Called before each step of a plan, counted from 0 in each half. Does nothing: it is the seam at which the tests of a
/// launcher that dies or fails at every step link a definition of their own (tests/probes/faults.cpp). What it throws
/// counts as the step's failure.
void before_step(Phase phase, std::size_t number);

} // namespace agentbox::box
