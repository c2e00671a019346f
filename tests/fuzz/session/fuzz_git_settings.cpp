// SPDX-License-Identifier: Apache-2.0
// A Git configuration of a project: no bytes make the reader leave its bounds, and it finds no more than is there.
#include <string>

#include "require.hpp"
#include "session/git_leads.hpp"

using agentbox::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  const std::string text(agentbox::fuzz::text_of(data, size));
  std::size_t bytes = 0;
  for (const auto& [key, value] : agentbox::session::git_settings(text)) {
    require(key.find('.') != std::string::npos, "a key has a section, which may be empty");
    bytes += value.size();
  }
  require(bytes <= text.size(), "values are pieces of the text");
  return 0;
}
