// SPDX-License-Identifier: Apache-2.0
#include "policy/public_suffix.hpp"

#include <libpsl.h>
#include <string>

#include "support/text.hpp"

namespace agentbox::policy {
namespace {

const HostPattern* pattern_of(const HostPattern& pattern) {
  return &pattern;
}

const HostPattern* pattern_of(const HostEntry& entry) {
  return &entry.pattern;
}

const HostPattern* pattern_of(const AllowEntry& entry) {
  const auto* host = std::get_if<HostEntry>(&entry);
  return host == nullptr ? nullptr : &host->pattern;
}

/// Returns `parsed`, or what is wrong with it.
template <typename Entry>
std::variant<Entry, EntryProblem> without_suffix(std::variant<Entry, EntryProblem> parsed) {
  const auto* entry = std::get_if<Entry>(&parsed);
  const HostPattern* pattern = entry == nullptr ? nullptr : pattern_of(*entry);
  if (pattern == nullptr || !pattern->subdomains || !is_public_suffix(pattern->name)) {
    return parsed;
  }
  return EntryProblem{support::in_quotes(pattern->text()) +
                          " is a wildcard of a public suffix, below which anyone can register names",
                      "list the hosts, or one domain: \"*.example." + pattern->name + "\""};
}

} // namespace

bool is_public_suffix(std::string_view name) {
  // Names of one label are refused by their form already, known or not; so only what the list names counts.
  constexpr int k_types = PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE;
  return psl_is_public_suffix2(psl_builtin(), std::string(name).c_str(), k_types) == 1;
}

EntryResult parse_listed_host(std::string_view text) {
  return without_suffix(parse_host_entry(text));
}

AllowResult parse_listed_entry(std::string_view text) {
  return without_suffix(parse_allow_entry(text));
}

PatternResult parse_listed_pattern(std::string_view text) {
  return without_suffix(parse_host_pattern(text));
}

} // namespace agentbox::policy
