// SPDX-License-Identifier: Apache-2.0
#include "support/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>

namespace agentbox::support {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substitution = diagonal + (a[i] == b[j] ? 0U : 1U);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j + 1] + 1, row[j] + 1, substitution});
    }
  }
  return row.back();
}

/// Length of the well-formed, printable UTF-8 sequence at the start of `text` (RFC 3629, without C1 controls); 0 if none.
std::size_t printable_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const auto continuation = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0U) == 0x80U; };
  const std::uint8_t first = byte(0);
  if (first < 0x80) {
    return first >= 0x20 && first != 0x7F ? 1 : 0;
  }
  if (first >= 0xC2 && first <= 0xDF && continuation(1)) {
    return first == 0xC2 && byte(1) < 0xA0 ? 0 : 2;
  }
  if ((first & 0xF0U) == 0xE0 && continuation(1) && continuation(2)) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) >= 0xA0;
    // U+2028..U+202E and U+2066..U+2069 turn lines around on a terminal.
    const bool direction = first == 0xE2 && ((byte(1) == 0x80 && byte(2) >= 0xA8 && byte(2) <= 0xAE) ||
                                             (byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9));
    return overlong || surrogate || direction ? 0 : 3;
  }
  if (first >= 0xF0 && first <= 0xF4 && continuation(1) && continuation(2) && continuation(3)) {
    const bool outside = (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) >= 0x90);
    return outside ? 0 : 4;
  }
  return 0;
}

} // namespace

std::string escape_untrusted(std::string_view text, std::size_t max_bytes) {
  constexpr std::string_view k_hex = "0123456789abcdef";
  std::string safe;
  while (!text.empty()) {
    if (safe.size() >= max_bytes) {
      return safe + "...";
    }
    if (const std::size_t length = printable_sequence(text); length > 0) {
      safe += text.substr(0, length);
      text.remove_prefix(length);
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(text.front());
    safe += "\\x";
    safe += k_hex[byte >> 4U];
    safe += k_hex[byte & 0xFU];
    text.remove_prefix(1);
  }
  return safe;
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates) {
  const std::size_t limit = std::max<std::size_t>(1, word.size() / 3);
  std::optional<std::string> best;
  std::size_t best_distance = limit + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const auto candidate = nearest(word, candidates);
  return candidate ? ", did you mean \"" + *candidate + "\"?" : std::string();
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string joined;
  for (const std::string& part : parts) {
    joined += joined.empty() ? "" : separator;
    joined += part;
  }
  return joined;
}

} // namespace agentbox::support
