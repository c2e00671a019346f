// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "generate/output_record.hpp"

namespace agentbox::generate {

/// What parts two generated sets in what the box may do.
struct Comparison {
  std::vector<std::string> broader; ///< one sentence each
  std::vector<std::string> tighter;
  std::vector<std::string> neutral;

  bool operator==(const Comparison&) const = default;
};

/// One change as a sentence: "the box may also reach registry.npmjs.org:443".
std::string sentence(const policy::Change& change);

/// From set `before` to set `after`. `edited` are files of `before` that were changed by hand: what that did is not
/// known, so it counts as broader. Pure.
Comparison compare(const Record& before, const Record& after, const std::vector<std::string>& edited);

/// The comparison for a person: a heading for each direction, "nothing changes" when there is none.
std::string comparison_text(const Comparison& comparison);

} // namespace agentbox::generate
