// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "protocol/protocol.hpp"

namespace agentbox::entrypoint {

/// A DNS query of at most 271 bytes: header, name, type and class.
struct AskQuery {
  std::array<std::uint8_t, 271> bytes{};
  std::size_t size = 0;

  std::span<const std::uint8_t> message() const { return std::span(bytes).first(size); }
};

/// Returns the query that tells the firewall that the agent asks its user to allow `host`, "pypi.org" or
/// "example.com:8443" (protocol::k_ask_zone). `why` is cut to what fits, at most 189 bytes, at the end of a UTF-8
/// character. Returns nothing for what cannot be a host: the firewall checks the rest.
std::optional<AskQuery> ask_query(std::uint16_t id, std::string_view host, std::string_view why);

/// Parses the firewall's answer to `query`. Returns nothing for another datagram or a malformed answer.
std::optional<protocol::AskAnswer> read_ask_answer(std::span<const std::uint8_t> datagram, const AskQuery& query);

} // namespace agentbox::entrypoint
