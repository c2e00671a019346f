// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::firewall::proxy {

/// The state of a connection's peer: what it may still send.
enum class Sender {
  open, ///< more, or bytes that were not read yet
  done, ///< nothing: it closed its sending side and all bytes were read
  gone, ///< nothing, and it receives nothing either
};

/// Returns the state of the peer of TCP socket `fd`, without waiting or reading.
Sender sender_of(int fd);

} // namespace agentbox::firewall::proxy
