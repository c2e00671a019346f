// SPDX-License-Identifier: Apache-2.0
#include "box/before_step.hpp"

namespace agentbox::box {

void before_step(Phase /*phase*/, std::size_t /*number*/) {}

} // namespace agentbox::box
