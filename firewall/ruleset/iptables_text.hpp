// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "firewall/ruleset/model.hpp"

namespace agentbox::firewall::ruleset {

/// Selects the program: iptables-restore or ip6tables-restore.
enum class Family { four, six };

/// Returns the ruleset as input of iptables-restore(8) or ip6tables-restore(8), which replaces the tables filter,
/// mangle and nat. Rules that cannot apply to the family are left out. Options stand in the order in which
/// iptables-save lists them (-d, -o, -p, matches, target; measured: 1.8.9 and 1.8.11), which iptables_difference()
/// relies on. Pure.
std::string to_iptables(const Ruleset& ruleset, Family family);

/// Returns the input that empties the same tables and accepts everything again. Pure.
std::string empty_iptables();

/// Compares what the kernel lists (iptables-save, ip6tables-save) with `meant`, to_iptables() of the same family: every
/// chain's policy and every rule with all its options, in order, and nothing else in any table. Returns the first
/// difference in words, or an empty string. Pure.
std::string iptables_difference(std::string_view meant, std::string_view listed);

} // namespace agentbox::firewall::ruleset
