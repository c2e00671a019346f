// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace agentbox::network {

/// Parses "90s", "10m", "2h", "1d", "1h30m": units in descending order, each once. Returns nullopt for anything else,
/// for 0, and for more than 3650 days.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);

/// Parses a duration before `now`, or a time that may be shortened ("2026-01-31", "2026-01-31T12:00"). Returns it in
/// the form of the audit log (RFC 3339, UTC), so that strings compare like times; nullopt if it is neither.
std::optional<std::string> parse_since(std::string_view text, std::chrono::system_clock::time_point now);

} // namespace agentbox::network
