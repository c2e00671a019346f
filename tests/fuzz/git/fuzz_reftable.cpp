// SPDX-License-Identifier: Apache-2.0
// A reftable that a box wrote: no bytes make the reader leave its bounds, and every name has the empty prefix.
#include "git/reftable.hpp"
#include "require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  const std::string_view table = agentbox::fuzz::text_of(data, size);
  if (agentbox::git::has_ref_with(table, "refs/replace/") == true) {
    agentbox::fuzz::require(agentbox::git::has_ref_with(table, "") == true, "a name that is found is a name");
  }
  return 0;
}
