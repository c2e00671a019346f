// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>

#include "firewall/io/await.hpp"
#include "firewall/netlink/netlink.hpp"
#include "firewall/nflog/packet.hpp"

namespace agentbox::firewall::nflog {

/// Receives the first bytes of the packets that the ruleset rejects, so that an attempt to go around the names is seen.
/// The kernel bounds their rate (ruleset::Log), its buffer and ours their number; what is too much is dropped there.
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
  asio::posix::stream_descriptor m_descriptor; // a duplicate; both are closed by their owners
  Seen m_seen;
};

} // namespace agentbox::firewall::nflog
