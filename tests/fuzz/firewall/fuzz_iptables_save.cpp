// SPDX-License-Identifier: Apache-2.0
// The output of iptables-save.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "firewall/ruleset/iptables_text.hpp"
#include "require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace agentbox::firewall::ruleset;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  agentbox::fuzz::require(iptables_difference(text, text).empty(), "a list equals itself");
  static const std::string meant = to_iptables(build({}), Family::four);
  agentbox::fuzz::require(iptables_difference(meant, text).empty() == iptables_difference(text, meant).empty(),
                          "a list equals ours if ours equals it");
  return 0;
}
