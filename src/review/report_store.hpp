// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "review/finding.hpp"

namespace agentbox::review {

/// The report as JSON: two-space indent, final newline. Bytes of names that are not UTF-8 are replaced.
std::string to_json(const Report& report);
/// The reverse. Throws support::Error(failed) naming `where` when it is none.
Report from_json(std::string_view text, std::string_view where);

/// $XDG_STATE_HOME/agentbox/review: the last report of each workspace.
std::filesystem::path review_folder();
/// Keeps the report in the place of the workspace's last one (0600, outside of every workspace).
void keep(const std::filesystem::path& folder, const Report& report);
/// The workspace's last report; nothing when no box has run there.
std::optional<Report> last(const std::filesystem::path& folder, const std::filesystem::path& workspace);

} // namespace agentbox::review
