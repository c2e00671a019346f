// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>

#include "firewall/io/await.hpp"
#include "firewall/netlink/netlink.hpp"
#include "firewall/nflog/packet.hpp"

namespace agentbox::firewall::nflog {

/// Receives the first bytes of the packets that the ruleset rejects, so that attempts to connect without a name are
/// recorded. The kernel limits their rate (ruleset::LogPacket) and drops what exceeds it or the socket's buffer.
class Listener {
public:
  using Seen = std::function<void(const Packet&)>;

  /// Binds to group `group` of the box's network namespace. Throws support::Error(failed).
  Listener(asio::io_context& context, std::uint16_t group, Seen seen);

  void start();

private:
  asio::awaitable<void> loop();

  asio::io_context& m_context;
  netlink::NetlinkSocket m_socket;
  asio::posix::stream_descriptor m_descriptor; // a duplicate: both members close theirs
  Seen m_seen;
};

} // namespace agentbox::firewall::nflog
