// SPDX-License-Identifier: Apache-2.0
// A conversation that a box left: whatever it contains, it is read within bounds.
#include "conversations/messages.hpp"
#include "require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  constexpr std::size_t k_max = 4;
  const auto found = agentbox::conversations::messages(agentbox::fuzz::text_of(data, size), k_max);
  agentbox::fuzz::require(found.size() <= k_max, "at most as many messages as were asked for");
  for (const auto& message : found) {
    agentbox::fuzz::require(!message.text.empty() && message.text.size() <= 2 * size, "a text is part of the file");
  }
  return 0;
}
