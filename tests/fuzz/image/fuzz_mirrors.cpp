// SPDX-License-Identifier: Apache-2.0
// Package managers' configuration: whatever it contains, the result has only valid list entries.
#include "image/mirrors.hpp"
#include "policy/public_suffix.hpp"
#include "require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  using namespace agentbox;
  for (const policy::AllowEntry& entry : image::mirrors_in(fuzz::text_of(data, size))) {
    if (const auto* host = std::get_if<policy::HostEntry>(&entry)) {
      fuzz::require(std::holds_alternative<policy::AllowEntry>(policy::parse_listed_entry(host->text())),
                    "a host is a valid entry");
    }
  }
  return 0;
}
