// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "policy/allow_entry.hpp"
#include "policy/host_pattern.hpp"

// What people and projects may list. Apart from host_pattern.hpp, so that the firewall, which reads what was checked
// here, need not load the list of public suffixes.
namespace agentbox::policy {

/// Whether anybody can get a name directly below `name` ("co.uk", "github.io"), after Mozilla's Public Suffix List as
/// libpsl brings it. `name` is canonical.
bool is_public_suffix(std::string_view name);

/// parse_host_entry(), and "*.SUFFIX" is refused where SUFFIX is public: it would open a channel to everybody.
EntryResult parse_listed_host(std::string_view text);

/// parse_allow_entry(), with the same refusal.
AllowResult parse_listed_entry(std::string_view text);

/// parse_host_pattern(), with the same refusal.
PatternResult parse_listed_pattern(std::string_view text);

} // namespace agentbox::policy
