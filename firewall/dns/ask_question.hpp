// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace agentbox::firewall::dns {

/// A question of a box to its user, sent with agentbox-ask (protocol::k_ask_zone). The box controls all of it.
struct AskQuestion {
  std::string entry; ///< "pypi.org:443"; not checked
  std::string why;   ///< any bytes, at most 189; may be empty

  bool operator==(const AskQuestion&) const = default;
};

/// Parses the question (name, type and class on the wire) of a query below protocol::k_ask_zone.
std::optional<AskQuestion> parse_ask_question(std::string_view question);

/// Limits how often a box may ask: a user who is asked all the time stops reading.
class AskBudget {
public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t k_per_minute = 6;
  static constexpr std::size_t k_per_box = 60;

  /// Returns whether one more question at `now` is within the limits; if so, counts it.
  bool admit(Clock::time_point now);

private:
  std::array<Clock::time_point, k_per_minute> m_last{}; ///< of question N at N modulo k_per_minute
  std::size_t m_count = 0;
};

} // namespace agentbox::firewall::dns
