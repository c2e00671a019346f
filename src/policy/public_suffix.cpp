// SPDX-License-Identifier: Apache-2.0
#include "policy/public_suffix.hpp"

#include <libpsl.h>
#include <optional>
#include <string>

#include "support/text.hpp"

namespace agentbox::policy {
namespace {

std::optional<EntryProblem> suffix_problem(const HostPattern& pattern) {
  if (!pattern.subdomains || !is_public_suffix(pattern.name)) {
    return std::nullopt;
  }
  return EntryProblem{support::in_quotes(pattern.text()) +
                          " would mean every host of a suffix that anyone can get names under",
                      "list the hosts by name, or a domain of its owner's: \"*.example." + pattern.name + "\""};
}

} // namespace

bool is_public_suffix(std::string_view name) {
  // Names of one label are refused by their form already, known or not; so only what the list names counts.
  constexpr int k_types = PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE;
  return psl_is_public_suffix2(psl_builtin(), std::string(name).c_str(), k_types) == 1;
}

EntryResult parse_listed_host(std::string_view text) {
  EntryResult result = parse_host_entry(text);
  if (const auto* entry = std::get_if<HostEntry>(&result)) {
    if (auto problem = suffix_problem(entry->pattern)) {
      return *std::move(problem);
    }
  }
  return result;
}

AllowResult parse_listed_entry(std::string_view text) {
  AllowResult result = parse_allow_entry(text);
  const auto* allowed = std::get_if<AllowEntry>(&result);
  if (const auto* entry = allowed == nullptr ? nullptr : std::get_if<HostEntry>(allowed)) {
    if (auto problem = suffix_problem(entry->pattern)) {
      return *std::move(problem);
    }
  }
  return result;
}

PatternResult parse_listed_pattern(std::string_view text) {
  PatternResult result = parse_host_pattern(text);
  if (const auto* pattern = std::get_if<HostPattern>(&result)) {
    if (auto problem = suffix_problem(*pattern)) {
      return *std::move(problem);
    }
  }
  return result;
}

} // namespace agentbox::policy
