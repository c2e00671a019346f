// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace agentbox::wire {

inline void put16(std::string& to, unsigned value) {
  to += static_cast<char>(value >> 8U);
  to += static_cast<char>(value & 0xFFU);
}

/// Returns `name` as labels, unchecked: a label may be longer than 63 bytes.
inline std::string dns_name(std::string_view name) {
  std::string bytes;
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    name.remove_prefix(std::min(label.size() + 1, name.size()));
    bytes += static_cast<char>(label.size());
    bytes += label;
  }
  return bytes + '\0';
}

/// Returns a header with these flags and counts.
inline std::string dns_header(unsigned flags, unsigned questions, unsigned answers = 0, unsigned additional = 0) {
  std::string bytes;
  for (const unsigned value : {0x4142U, flags, questions, answers, 0U, additional}) {
    put16(bytes, value);
  }
  return bytes;
}

inline std::string dns_question(std::string_view name, unsigned type, unsigned klass = 1) {
  std::string bytes = dns_name(name);
  put16(bytes, type);
  put16(bytes, klass);
  return bytes;
}

inline std::string dns_query(std::string_view name, unsigned type) {
  return dns_header(0x0100, 1) + dns_question(name, type);
}

} // namespace agentbox::wire
