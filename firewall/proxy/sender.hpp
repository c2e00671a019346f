// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::firewall::proxy {

/// What the other side of a connection may still send.
enum class Sender {
  open, ///< more, or something that was not read yet
  done, ///< nothing: it closed its sending side, and all that it sent was read
  gone, ///< nothing, and it takes nothing either
};

/// Asks the kernel about the TCP socket `fd`, without waiting or reading.
Sender sender_of(int fd);

} // namespace agentbox::firewall::proxy
