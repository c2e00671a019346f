// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "firewall/io/await.hpp"
#include "firewall/proxy/services.hpp"

namespace agentbox::firewall::proxy {

/// What a connection of the box, allowed already, is to be connected to.
struct ConnectTarget {
  enum class Kind {
    name,    ///< a host of the list
    address, ///< a listed address
    host,    ///< a port of the developer's own machine
  };
  Kind kind = Kind::name;
  std::string name;            ///< Kind::name, canonical
  policy::Address16 address{}; ///< Kind::address
  std::uint16_t port = 0;
  bool speaks_second = false; ///< the box's first bytes are there already
};

/// A connection to a target, or why there is none.
struct Reached {
  std::optional<asio::ip::tcp::socket> socket;
  std::string address;     ///< dialled, or refused
  std::string surplus;     ///< bytes of the host that came with an upstream proxy's answer
  bool denied = false;     ///< by policy, and not by the network
  std::string_view reason; ///< a stable word; empty when there is a connection
  std::string text;        ///< the same for people
};

/// Connects to `target` over marked sockets, by the rules of its kind:
/// - a name is resolved anew and its answers are filtered; with an upstream proxy it is left to that one, unless
///   allow_private names it (such hosts are inside, where no proxy leads to). The proxy's own address is filtered, but
///   may be private.
/// - an address is dialled unless it is the machine's own, loopback, link-local or reserved.
/// - the host is dialled at the gateway, which stands for its loopback.
/// `target` must live until then.
asio::awaitable<Reached> reach(ProxyServices& services, const ConnectTarget& target);

} // namespace agentbox::firewall::proxy
