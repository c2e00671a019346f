// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

namespace agentbox::entrypoint {

/// Starts a process that accepts TCP connections to `port` at the box's own IPv4 address and relays each to `port` of
/// 127.0.0.1, where a sign-in waits for the browser's answer: a published port reaches no program that listens on
/// loopback only. The process ends with the caller. Ends the caller with 125 if it cannot listen, with 2 if `port` is
/// not a port.
void relay_callback(std::string_view port);

} // namespace agentbox::entrypoint
