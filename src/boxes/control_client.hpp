// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "boxes/session_paths.hpp"
#include "firewall/control/control_message.hpp"

namespace agentbox::boxes {

/// Sends `request` to the firewall of the running box whose files are `paths`, and returns its reply. Throws
/// support::Error(failed) if no valid reply arrives within five seconds.
firewall::control::ControlReply ask_firewall(const SessionPaths& paths,
                                             const firewall::control::ControlRequest& request);

} // namespace agentbox::boxes
