// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "firewall/ruleset/model.hpp"

namespace agentbox::firewall::ruleset {

/// Returns the ruleset as one libnftables-json(5) document: a single transaction that replaces the inet table
/// `agentbox` and everything in it. Written exactly as libnftables lists it (measured: 1.0.6, 1.1.3 and 1.1.7), so that
/// difference() can compare whole rules. Pure.
nlohmann::ordered_json to_nft_json(const Ruleset& ruleset);

/// Returns the ruleset's table, chains and rules as difference() compares them: a line of JSON each, in order. Pure.
std::vector<std::string> comparable_lines(const Ruleset& ruleset);

/// Compares the kernel's listing (`nft --json --numeric-priority --numeric-protocol list table inet agentbox`) with
/// comparable_lines() of the ruleset that was loaded: all properties and expressions, in order, and nothing else; only
/// handles and the counters' values are free. Returns the first difference in words, or an empty string. Pure.
std::string difference(const std::vector<std::string>& loaded, const nlohmann::json& listed);

} // namespace agentbox::firewall::ruleset
