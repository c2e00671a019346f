// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "review/review_report.hpp"

namespace agentbox::review {

/// Returns what is shown when a box has ended: at most five lines, none when there is nothing to report. Names come
/// from the box and are escaped. Pure.
std::vector<std::string> summary(const ReviewReport& report);

/// Returns the whole report as text, one finding a line. Escaped. Pure.
std::string text_of(const ReviewReport& report);

} // namespace agentbox::review
