// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>

namespace agentbox::box {

/// The halves of a plan, and what the launcher does before, between and after them.
enum class Phase { launch, steps, teardown };

/// How many moments of Phase::launch there are.
inline constexpr std::size_t k_launch_moments = 12;

/// Called before each step of a plan, and at each moment of the launch; counted from 0 in each phase. Does nothing: it
/// is the seam at which the tests of a launcher that dies or fails at every step link a definition of their own
/// (tests/probes/faults.cpp). What it throws counts as the step's failure.
void before_step(Phase phase, std::size_t number);

} // namespace agentbox::box
