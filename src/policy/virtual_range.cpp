// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>

#include "policy/egress.hpp"

namespace agentbox::policy {
namespace {

/// Address space that no host of the internet has.
constexpr std::array<VirtualRange, 5> k_unused = {{
    {0xC6120000U, 15}, // 198.18.0.0/15, benchmarking (RFC 2544)
    {0x0A000000U, 8},  // 10.0.0.0/8
    {0xAC100000U, 12}, // 172.16.0.0/12
    {0xC0A80000U, 16}, // 192.168.0.0/16
    {0x64400000U, 10}, // 100.64.0.0/10, carrier-grade NAT (RFC 6598)
}};

constexpr std::uint32_t mask_of(std::uint8_t prefix) {
  return ~std::uint32_t{0} << (32U - prefix);
}

/// A decimal number without sign or leading zero at the start of `text`, which is then cut off.
std::optional<unsigned> take_number(std::string_view& text, unsigned highest) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const auto length = static_cast<std::size_t>(end - text.data());
  if (error != std::errc() || value > highest || (length > 1 && text.front() == '0')) {
    return std::nullopt;
  }
  text.remove_prefix(length);
  return value;
}

} // namespace

std::string VirtualRange::text() const {
  std::string dotted;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    dotted += std::to_string((base >> shift) & 0xFFU) + (shift > 0 ? "." : "/");
  }
  return dotted + std::to_string(prefix);
}

std::optional<VirtualRange> parse_virtual_range(std::string_view text) {
  VirtualRange range{0, 0};
  for (const char separator : {'.', '.', '.', '/'}) {
    const auto part = take_number(text, 255);
    if (!part || text.empty() || text.front() != separator) {
      return std::nullopt;
    }
    range.base = range.base << 8U | *part;
    text.remove_prefix(1);
  }
  const auto prefix = take_number(text, 32);
  if (!prefix || !text.empty() || *prefix < 8 || *prefix > 24) {
    return std::nullopt;
  }
  range.prefix = static_cast<std::uint8_t>(*prefix);
  const bool aligned = (range.base & ~mask_of(range.prefix)) == 0;
  const bool unused = std::any_of(k_unused.begin(), k_unused.end(), [&](const VirtualRange& outer) {
    return range.prefix >= outer.prefix && (range.base & mask_of(outer.prefix)) == outer.base;
  });
  return aligned && unused ? std::optional(range) : std::nullopt;
}

} // namespace agentbox::policy
