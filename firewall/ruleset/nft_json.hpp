// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "firewall/ruleset/model.hpp"

namespace agentbox::firewall::ruleset {

/// The ruleset as one libnftables-json(5) document: a single transaction that replaces the inet table `agentbox`
/// whatever stood in it before. Pure.
nlohmann::ordered_json to_nft_json(const Ruleset& ruleset);

/// Compares what the kernel lists (`nft -j list table inet agentbox`) with what was meant: every chain with its hook,
/// priority and policy, every rule by name, order and verdict, and nothing else. Returns the first difference in words,
/// or an empty string. Pure.
std::string difference(const Ruleset& meant, const nlohmann::json& listed);

} // namespace agentbox::firewall::ruleset
