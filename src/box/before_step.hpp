// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>

namespace agentbox::box {

/// The two halves of a plan, and what the launcher does before and after them.
enum class Phase { launch, steps, teardown };

/// The number of moments in Phase::launch.
inline constexpr std::size_t k_launch_moments = 12;

/// Called before each step of a plan and at each moment of the launch, numbered from 0 in each phase. Does nothing:
/// tests of a launcher that fails, dies or gets a signal at every step link their own definition
/// (tests/probes/faults.cpp). What it throws counts as the step's failure.
void before_step(Phase phase, std::size_t number);

} // namespace agentbox::box
