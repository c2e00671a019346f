// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace agentbox::entrypoint {

using GateQuery = std::array<std::uint8_t, 40>;

/// Returns the DNS question (RFC 1035 §4.1) for TXT gate.agentbox.internal. with query id `id`.
GateQuery gate_query(std::uint16_t id);

/// Kinds of datagrams from the resolver.
enum class GateAnswer {
  unrelated, ///< not an answer to this query: ignore it, wait for another
  wrong,     ///< an answer, but not one TXT string equal to the nonce
  right,
};

/// A resolver's answer to a TXT query.
struct TextAnswer {
  bool related = false;               ///< an answer to this query; ignore others
  bool good = false;                  ///< exactly one TXT record with one string
  std::span<const std::uint8_t> text; ///< in the datagram
};

/// Parses `datagram` as the answer to `query`, a whole message with one question. Pure; bounds-checked.
TextAnswer read_text_answer(std::span<const std::uint8_t> datagram, std::span<const std::uint8_t> query);

/// Parses `datagram` as the answer to `query`. Right only if it has no error, the same question, and exactly one
/// answer: a TXT record with one string, equal to `nonce`. Pure; bounds-checked.
GateAnswer read_gate_answer(std::span<const std::uint8_t> datagram, const GateQuery& query, std::string_view nonce);

} // namespace agentbox::entrypoint
