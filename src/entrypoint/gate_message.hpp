// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace agentbox::entrypoint {

/// The DNS question (RFC 1035 §4.1) for TXT gate.agentbox.internal. with query id `id`.
using GateQuery = std::array<std::uint8_t, 40>;
GateQuery gate_query(std::uint16_t id);

/// What a datagram from the resolver says.
enum class GateAnswer {
  unrelated, ///< no answer to this query: ignore it, wait for another
  wrong,     ///< an answer, but not one TXT string equal to the nonce
  right,
};

/// Reads `datagram` as the answer to `query`. Right only when it carries no error, the same question, and exactly one
/// answer: one TXT record of one string equal to `nonce`. Pure; every byte of `datagram` is bounds-checked.
GateAnswer read_gate_answer(std::span<const std::uint8_t> datagram, const GateQuery& query, std::string_view nonce);

} // namespace agentbox::entrypoint
