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

/// Length of the well-formed UTF-8 sequence at the start of `text` (RFC 3629); 0 if none.
std::size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const auto continuation = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0U) == 0x80U; };
  const std::uint8_t first = byte(0);
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xC2 && first <= 0xDF && continuation(1)) {
    return 2;
  }
  if ((first & 0xF0U) == 0xE0 && continuation(1) && continuation(2)) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) >= 0xA0;
    return overlong || surrogate ? 0 : 3;
  }
  if (first >= 0xF0 && first <= 0xF4 && continuation(1) && continuation(2) && continuation(3)) {
    const bool outside = (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) >= 0x90);
    return outside ? 0 : 4;
  }
  return 0;
}

/// The same for a sequence that may reach a terminal: no control characters (C0, DEL, C1), none that turn lines around.
std::size_t printable_sequence(std::string_view text) {
  const std::size_t length = utf8_sequence(text);
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  if (length == 1) {
    return byte(0) >= 0x20 && byte(0) != 0x7F ? 1 : 0;
  }
  if (length == 2) {
    return byte(0) == 0xC2 && byte(1) < 0xA0 ? 0 : 2;
  }
  // U+200E, U+200F, U+2028..U+202E and U+2066..U+2069.
  const bool direction =
      length == 3 && byte(0) == 0xE2 &&
      ((byte(1) == 0x80 && (byte(2) == 0x8E || byte(2) == 0x8F || (byte(2) >= 0xA8 && byte(2) <= 0xAE))) ||
       (byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9));
  return direction ? 0 : length;
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

std::string in_quotes(std::string_view text, std::size_t max_bytes) {
  return "\"" + escape_untrusted(text, max_bytes) + "\"";
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
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
