// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>

#include "policy/address.hpp"

namespace agentbox::firewall::proxy {

/// The original destination of a redirected connection.
struct Destination {
  policy::Address16 address{};
  std::uint16_t port = 0;
};

/// Returns the destination before NAT (SO_ORIGINAL_DST), or nullopt if the connection was not redirected.
std::optional<Destination> original_destination(int socket);

} // namespace agentbox::firewall::proxy
