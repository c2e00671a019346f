// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "firewall/ruleset/model.hpp"

namespace agentbox::firewall::ruleset {

/// Returns the ruleset as one libnftables-json(5) document: a single transaction that replaces the inet table
/// `agentbox` and everything in it. Written exactly as libnftables lists it (measured: 1.0.6, 1.1.3 and 1.1.7), so that
/// difference() can compare whole rules. Pure.
nlohmann::ordered_json to_nft_json(const Ruleset& ruleset);

/// Compares the kernel's listing (`nft --json --numeric-priority --numeric-protocol list table inet agentbox`) with
/// `meant`: table, chains and rules with all their properties and expressions, in order, and nothing else; only handles
/// and the counters' values are free. Returns the first difference in words, or an empty string. Pure.
std::string difference(const Ruleset& meant, const nlohmann::json& listed);

} // namespace agentbox::firewall::ruleset
