// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace agentbox::firewall::audit {

/// Writes one JSON object, in ASCII and on one line, straight into a string: a tree of values first would be half of
/// what the firewall itself does for a connection.
class ObjectText {
public:
  /// `size`: the usual length, for which room is made.
  explicit ObjectText(std::size_t size) { m_text.reserve(size); }
  /// Goes on behind the members `taken` by take_open().
  ObjectText(std::size_t size, std::string_view taken) : ObjectText(size) { m_text += taken; }

  /// `key` needs no escape.
  void add(std::string_view key, std::uint64_t value);
  /// `value` through support::escape_untrusted().
  void add(std::string_view key, std::string_view value, std::size_t max_bytes);
  /// For a value of ours that needs no escape.
  void add_plain(std::string_view key, std::string_view value);
  /// For what is JSON already.
  void add_json(std::string_view key, std::string_view json);

  /// The brace and the members so far.
  std::string_view open() const noexcept { return m_text; }
  std::string take_open() && { return std::move(m_text); }
  std::string take() && {
    m_text += '}';
    return std::move(m_text);
  }

private:
  void begin(std::string_view key);

  std::string m_text;
};

} // namespace agentbox::firewall::audit
