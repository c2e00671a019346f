// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string_view>

#include "firewall/tls/client_hello.hpp"

namespace agentbox::firewall::tls {

/// Returns whether `bytes`, the first that a server sent, ask for a second ClientHello (HelloRetryRequest, RFC 8446
/// §4.1.3); nothing when more bytes are needed to tell, k_max_first in all. False for bytes that are not a ServerHello;
/// true for an empty record, which TLS forbids (§5.1).
std::optional<bool> asks_again(std::string_view bytes);

/// Parses the second ClientHello in what a client sent after its first one. Alerts, change_cipher_spec and early data,
/// which the server rejected, may precede it; anything else is invalid, and so is more than k_max_second bytes.
ClientHello parse_second_hello(std::string_view bytes);

/// A message of 38 bytes, each in a record of its own.
constexpr std::size_t k_max_first = std::size_t{38} * (k_record_header + 1);
constexpr std::size_t k_max_second = std::size_t{64} << 10U;

} // namespace agentbox::firewall::tls
