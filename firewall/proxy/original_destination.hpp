// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>

#include "policy/address.hpp"

namespace agentbox::firewall::proxy {

/// Where a redirected connection was meant to go.
struct Destination {
  policy::Address16 address{};
  std::uint16_t port = 0;
};

/// The destination before nat redirected it (SO_ORIGINAL_DST); nothing when the kernel does not know one.
std::optional<Destination> original_destination(int socket);

} // namespace agentbox::firewall::proxy
