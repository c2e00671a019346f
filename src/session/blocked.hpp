// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::session {

/// Length of the audit file, 0 when there is none: where this run's part of it begins.
std::uint64_t audit_length(const std::filesystem::path& file);

/// The part of the audit file after `offset`; at most its last 4 MiB. Empty when it cannot be read.
std::string audit_since(const std::filesystem::path& file, std::uint64_t offset);

/// What was refused, for people: at most `max_lines` lines, the most frequent first, each with the flag that would
/// allow it. `audit` are JSON lines of the firewall; names in them come from the box and are escaped. Pure.
std::vector<std::string> blocked_summary(std::string_view audit, std::size_t max_lines = 5);

} // namespace agentbox::session
