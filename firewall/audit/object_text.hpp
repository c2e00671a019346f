// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace agentbox::firewall::audit {

/// Builds one JSON object, ASCII on one line, directly in a string. Measured: 1.0 us per record, 27 us with
/// nlohmann::json and support::escape_untrusted().
class ObjectText {
public:
  /// Reserves `size` bytes.
  explicit ObjectText(std::size_t size) { m_text.reserve(size); }

  /// Adds a number. `key` must need no escaping, here and below.
  void add(std::string_view key, std::uint64_t value);
  /// Adds `value`, escaped and truncated with support::escape_untrusted().
  void add(std::string_view key, std::string_view value, std::size_t max_bytes);
  /// Adds a `value` that needs no escaping.
  void add_plain(std::string_view key, std::string_view value);

  std::string take() && {
    m_text += '}';
    return std::move(m_text);
  }

private:
  void begin(std::string_view key);

  std::string m_text;
};

} // namespace agentbox::firewall::audit
