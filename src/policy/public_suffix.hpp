// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "policy/allow_entry.hpp"
#include "policy/host_pattern.hpp"

// Parsers for lists written by users and projects. Separate from host_pattern.hpp, so that the firewall, which reads
// checked lists, does not load the list of public suffixes.
namespace agentbox::policy {

/// Returns whether the public can register names directly below canonical name `name` ("co.uk", "github.io"), by the
/// copy of Mozilla's Public Suffix List in libpsl.
bool is_public_suffix(std::string_view name);

/// Like parse_host_entry(), but refuses "*.SUFFIX" for a public SUFFIX: anybody could receive data there.
EntryResult parse_listed_host(std::string_view text);

/// Like parse_allow_entry(), with the same refusal.
AllowResult parse_listed_entry(std::string_view text);

/// Like parse_host_pattern(), with the same refusal.
PatternResult parse_listed_pattern(std::string_view text);

} // namespace agentbox::policy
