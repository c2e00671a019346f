// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "firewall/ruleset/model.hpp"

namespace agentbox::firewall::ruleset {

/// Which of the two programs: iptables-restore or ip6tables-restore.
enum class Family { four, six };

/// The ruleset as input of iptables-restore(8) or ip6tables-restore(8): what it says replaces all that stands in the
/// tables filter, mangle and nat. Rules that cannot concern the family are left out. Pure.
std::string to_iptables(const Ruleset& ruleset, Family family);

/// What empties the same tables and lets everything through again. Pure.
std::string empty_iptables();

/// What decides, of a text of iptables-restore or iptables-save: each built-in chain with its policy, each rule with
/// table, chain, comment and target, in order within its chain; without counters and options. Pure.
std::vector<std::string> skeleton(std::string_view text);

/// Compares what the kernel lists with what was meant: returns the first difference in words, or an empty string.
/// Chains that accept and have no rules may be missing from `meant`. Pure.
std::string iptables_difference(std::string_view meant, std::string_view listed);

} // namespace agentbox::firewall::ruleset
