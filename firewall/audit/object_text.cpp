// SPDX-License-Identifier: Apache-2.0
#include "firewall/audit/object_text.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "support/text.hpp"

namespace agentbox::firewall::audit {
namespace {

constexpr std::array<bool, 256> k_plain = [] {
  std::array<bool, 256> plain{};
  for (unsigned char byte = ' '; byte <= '~'; ++byte) {
    plain[byte] = byte != '"' && byte != '\\';
  }
  return plain;
}();

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char byte) { return k_plain[static_cast<unsigned char>(byte)]; });
}

} // namespace

void ObjectText::begin(std::string_view key) {
  m_text += m_text.empty() ? "{\"" : ",\"";
  m_text += key;
  m_text += "\":";
}

void ObjectText::add(std::string_view key, std::uint64_t value) {
  begin(key);
  const fmt::format_int digits(value);
  m_text.append(digits.data(), digits.size());
}

void ObjectText::add(std::string_view key, std::string_view value, std::size_t max_bytes) {
  if (value.size() <= max_bytes && is_plain(value)) {
    add_plain(key, value);
  } else {
    begin(key);
    m_text += nlohmann::json(support::escape_untrusted(value, max_bytes)).dump(-1, ' ', true);
  }
}

void ObjectText::add_plain(std::string_view key, std::string_view value) {
  begin(key);
  m_text += '"';
  m_text += value;
  m_text += '"';
}

} // namespace agentbox::firewall::audit
