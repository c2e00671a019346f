// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>

namespace agentbox::support {

/// Returns the number in `text`, written in `base`; nothing when `text` is empty, has other characters (a "+", spaces),
/// or is out of T's range.
template <typename T>
std::optional<T> parse_number(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// Returns the TCP or UDP port in `text`, 1 to 65535, or nothing.
inline std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto port = parse_number<std::uint16_t>(text);
  return port && *port > 0 ? port : std::nullopt;
}

/// Returns the decimal number in `text`, like parse_number(); nothing if it has a leading zero or is above `highest`.
template <typename T>
std::optional<T> parse_decimal(std::string_view text, T highest = std::numeric_limits<T>::max()) {
  const auto value = parse_number<T>(text);
  return value && *value <= highest && (text.size() == 1 || text.front() != '0') ? value : std::nullopt;
}

/// Returns the TCP or UDP port in `text`, 1 to 65535 without leading zeros, or nothing.
inline std::optional<std::uint16_t> parse_decimal_port(std::string_view text) {
  const auto port = parse_decimal<std::uint16_t>(text);
  return port && *port > 0 ? port : std::nullopt;
}

} // namespace agentbox::support
