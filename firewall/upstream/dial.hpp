// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firewall/io/await.hpp"
#include "firewall/netlink/route.hpp"

namespace agentbox::firewall::upstream {

/// A connection to one of the addresses, or why there is none.
struct Dialled {
  std::optional<asio::ip::tcp::socket> socket; ///< non-blocking, TCP_NODELAY, keepalive on
  netlink::Address16 address{};                ///< the one that answered
  std::string problem;
};

/// How long an address is waited for before the next one is tried as well, and how long all of them together.
struct DialLimits {
  std::chrono::milliseconds stagger{250}; // RFC 8305 §5
  std::chrono::milliseconds total{10'000};
};

/// Connects to `port` of exactly these addresses, with `mark` on the sockets: one after the other, each given a head
/// start, the first that answers wins. IPv4 and IPv6 take turns: the list is put in that order, and must live until
/// then.
asio::awaitable<Dialled> dial(std::vector<netlink::Address16>& addresses, std::uint16_t port, std::uint32_t mark,
                              DialLimits limits = {});

using policy::address_text;

} // namespace agentbox::firewall::upstream
