// SPDX-License-Identifier: Apache-2.0
// An index that a box wrote: no bytes make the reader leave its bounds, and it finds no more than is there.
#include "git/index.hpp"
#include "require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  const auto found = agentbox::git::hidden_files(agentbox::fuzz::text_of(data, size));
  if (found) {
    agentbox::fuzz::require(found->files.size() <= found->count && found->count <= size / 62,
                            "each entry has 62 bytes");
  }
  return 0;
}
