// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::support {

/// Returns what changed from one text to the other, line by line: "- old", "+ new", and "  same" for up to `context`
/// lines around a change; "…" for omitted lines. Empty when they are equal. Texts longer than 2000 lines are
/// shown as wholly replaced. Lines are not escaped. Pure.
std::vector<std::string> line_diff(std::string_view before, std::string_view after, std::size_t context = 1);

} // namespace agentbox::support
