// SPDX-License-Identifier: Apache-2.0
#include "session/before_step.hpp"

namespace agentbox::session {

void before_step(Phase /*phase*/, std::size_t /*number*/) {}

} // namespace agentbox::session
