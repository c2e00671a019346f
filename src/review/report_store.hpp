// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "review/review_report.hpp"

namespace agentbox::review {

/// Returns the report as JSON: two-space indent, final newline. Bytes that are not UTF-8 are replaced.
std::string to_json(const ReviewReport& report);
/// The reverse. Throws support::Error(failed) naming `where` for an invalid report.
ReviewReport from_json(std::string_view text, std::string_view where);

/// Returns $XDG_STATE_HOME/agentbox/review, which has the last report of each workspace.
std::filesystem::path review_folder();
/// Saves the report in place of the workspace's last one (mode 0600).
void keep(const std::filesystem::path& folder, const ReviewReport& report);
/// Returns the workspace's last report; nothing when there is none.
std::optional<ReviewReport> last(const std::filesystem::path& folder, const std::filesystem::path& workspace);

} // namespace agentbox::review
