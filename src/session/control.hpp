// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "firewall/control/message.hpp"
#include "session/paths.hpp"

namespace agentbox::session {

/// Asks the firewall of the running box whose files are `paths`, and returns its answer. Throws support::Error(failed)
/// when there is no firewall that answers within five seconds.
firewall::control::Reply ask_firewall(const Paths& paths, const firewall::control::Request& request);

} // namespace agentbox::session
