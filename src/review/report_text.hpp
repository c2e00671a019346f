// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "review/finding.hpp"

namespace agentbox::review {

/// What is said when a box has ended: at most five lines, none when there is nothing to say. Names come from the box
/// and are escaped. Pure.
std::vector<std::string> summary(const Report& report);

/// All of the report, for people: a line a finding, programs by folder. Escaped. Pure.
std::string text_of(const Report& report);

} // namespace agentbox::review
