// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace agentbox::fuzz {

/// Ends the fuzzer with a finding unless `holds`.
inline void require(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "does not hold: %s\n", what); // NOLINT(*-vararg)
    std::abort();
  }
}

/// Returns the fuzzer's bytes as text.
inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size}; // NOLINT(*-reinterpret-cast)
}

/// Returns whether `text` could steer a terminal.
inline bool has_control_bytes(std::string_view text) {
  for (const char c : text) {
    if ((c >= 0 && c < 0x20) || c == 0x7F) {
      return true;
    }
  }
  return false;
}

} // namespace agentbox::fuzz
