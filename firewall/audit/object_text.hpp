// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace agentbox::firewall::audit {

/// Writes one JSON object, in ASCII and on one line, straight into a string. Measured: a record takes 1.0 us; through
/// nlohmann::json and support::escape_untrusted() it takes 27 us.
class ObjectText {
public:
  /// `size`: the usual length, for which room is made.
  explicit ObjectText(std::size_t size) { m_text.reserve(size); }

  /// `key` needs no escape.
  void add(std::string_view key, std::uint64_t value);
  /// `value` through support::escape_untrusted().
  void add(std::string_view key, std::string_view value, std::size_t max_bytes);
  /// For a value of ours that needs no escape.
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
