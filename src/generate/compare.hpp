// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "generate/output_record.hpp"

namespace agentbox::generate {

/// The differences between two generated sets in what the box may do.
struct Comparison {
  std::vector<std::string> broader; ///< one sentence each
  std::vector<std::string> tighter;
  std::vector<std::string> neutral;

  bool operator==(const Comparison&) const = default;
};

/// Returns one change as a sentence: "the box may also reach registry.npmjs.org:443".
std::string sentence(const policy::Change& change);

/// Compares set `before` with set `after`. `edited` are files of `before` that were changed by hand: the effect is
/// unknown, so they count as broader. Pure.
Comparison compare(const Record& before, const Record& after, const std::vector<std::string>& edited);

/// Returns the comparison as text: a heading for each direction, or "nothing changes".
std::string comparison_text(const Comparison& comparison);

} // namespace agentbox::generate
