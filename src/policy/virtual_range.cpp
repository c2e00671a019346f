// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "policy/address.hpp"
#include "policy/egress.hpp"
#include "support/numbers.hpp"

namespace agentbox::policy {
namespace {

/// Address space that no host on the internet has.
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

} // namespace

std::string VirtualRange::text() const {
  std::string dotted;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    dotted += std::to_string((base >> shift) & 0xFFU) + (shift > 0 ? "." : "/");
  }
  return dotted + std::to_string(prefix);
}

std::optional<VirtualRange> parse_virtual_range(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  const auto prefix = support::parse_decimal<std::uint8_t>(
      slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1), 24);
  if (!address || !is_v4(*address) || !prefix || *prefix < 8) {
    return std::nullopt;
  }
  VirtualRange range{0, *prefix};
  for (const unsigned byte : {12U, 13U, 14U, 15U}) {
    range.base = range.base << 8U | address->at(byte);
  }
  const bool aligned = (range.base & ~mask_of(range.prefix)) == 0;
  const bool unused = std::any_of(k_unused.begin(), k_unused.end(), [&](const VirtualRange& outer) {
    return range.prefix >= outer.prefix && (range.base & mask_of(outer.prefix)) == outer.base;
  });
  return aligned && unused ? std::optional(range) : std::nullopt;
}

} // namespace agentbox::policy
