// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "firewall/io/await.hpp"
#include "firewall/proxy/services.hpp"

namespace agentbox::firewall::proxy {

/// The destination of an allowed connection of the box.
struct ConnectTarget {
  enum class Kind {
    name,    ///< a listed host
    address, ///< a listed address
    host,    ///< a port of the developer's own machine
  };
  Kind kind = Kind::name;
  std::string name;            ///< Kind::name, canonical
  policy::Address16 address{}; ///< Kind::address
  std::uint16_t port = 0;
  bool speaks_second = false; ///< the box's first bytes have been read already
};

/// A connection to a target, or the error.
struct Reached {
  std::optional<asio::ip::tcp::socket> socket;
  std::string address;                        ///< dialled, or refused
  std::string surplus;                        ///< bytes from the host that followed an upstream proxy's reply
  bool denied = false;                        ///< by the policy; otherwise the network failed
  audit::Reason reason = audit::Reason::none; ///< none if there is a connection
  std::string detail;
};

/// Connects to `target` over marked sockets:
/// - a name is resolved and its addresses are filtered; an upstream proxy resolves it instead, unless
///   allow_private lists it (such hosts are internal and out of a proxy's reach). The proxy's own address is filtered,
///   but may be private.
/// - an address is dialled unless it is the machine's own, loopback, link-local or reserved.
/// - the host is dialled at the gateway, which forwards to its loopback.
/// `target` must outlive the call.
asio::awaitable<Reached> reach(ProxyServices& services, const ConnectTarget& target);

} // namespace agentbox::firewall::proxy
