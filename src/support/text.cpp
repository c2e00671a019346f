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

/// Returns the length of the well-formed UTF-8 sequence at the start of `text` (RFC 3629); 0 if none.
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

/// Returns the code point of a sequence of `length` bytes that utf8_sequence() accepted.
char32_t code_point(std::string_view sequence, std::size_t length) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(sequence[i]); };
  constexpr std::array<unsigned, 5> k_first = {0, 0x7F, 0x1F, 0x0F, 0x07};
  char32_t point = byte(0) & k_first.at(length);
  for (std::size_t i = 1; i < length; ++i) {
    point = (point << 6U) | (byte(i) & 0x3FU);
  }
  return point;
}

/// Returns whether `point` shows nothing or turns text around: Default_Ignorable_Code_Point and Bidi_Control of Unicode
/// 15, the separators of lines and paragraphs, interlinear annotations and the blank Braille pattern.
bool is_hidden(char32_t point) {
  struct Range {
    char32_t first;
    char32_t last;
  };
  constexpr std::array<Range, 20> k_hidden = {
      {{0xAD, 0xAD},       {0x34F, 0x34F},     {0x61C, 0x61C},     {0x115F, 0x1160}, {0x17B4, 0x17B5},
       {0x180B, 0x180F},   {0x200B, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F}, {0x2800, 0x2800},
       {0x3164, 0x3164},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB},
       {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}, {0xFFFE, 0xFFFF}, {0xFDD0, 0xFDEF}}};
  return std::any_of(k_hidden.begin(), k_hidden.end(),
                     [&](const Range& range) { return point >= range.first && point <= range.last; });
}

/// Returns the same for a sequence that may reach a terminal: no control characters (C0, DEL, C1), nothing hidden.
std::size_t printable_sequence(std::string_view text) {
  const std::size_t length = utf8_sequence(text);
  if (length == 0) {
    return 0;
  }
  const char32_t point = code_point(text, length);
  const bool control = point < 0x20 || (point >= 0x7F && point < 0xA0);
  return control || is_hidden(point) ? 0 : length;
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
