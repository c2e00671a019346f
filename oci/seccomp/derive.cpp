// SPDX-License-Identifier: Apache-2.0
#include "oci/seccomp/derive.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "oci/seccomp/algebra.hpp"
#include "oci/seccomp/taken_away_text.hpp"
#include "support/error.hpp"

namespace agentbox::oci::seccomp {
namespace {

using nlohmann::json;
using support::Error;
using support::ExitCode;

constexpr const char* k_where = "taken_away.json";

std::uint32_t errno_named(const std::string& name) {
  constexpr std::array<std::pair<std::string_view, std::uint32_t>, 3> k_names{
      {{"EPERM", EPERM}, {"ENOSYS", ENOSYS}, {"EAFNOSUPPORT", EAFNOSUPPORT}}};
  for (const auto& [text, value] : k_names) {
    if (name == text) {
      return value;
    }
  }
  throw Error(ExitCode::failed, std::string("internal error: ") + k_where + " names an unknown errno " + name);
}

bool holds_for(const json& entry, const char* key, std::string_view word) {
  const auto found = entry.find(key);
  return found == entry.end() || std::find(found->begin(), found->end(), word) != found->end();
}

TakenAway read_entry(const json& entry) {
  TakenAway result{entry.at("names").get<std::vector<std::string>>(),
                   errno_named(entry.at("errno").get<std::string>()),
                   {},
                   entry.at("why").get<std::string>()};
  for (const json& line : entry.value("kept_when", json::array())) {
    Conjunction conjunction;
    for (const json& arg : line) {
      conjunction.push_back(read_comparison(arg, k_where));
    }
    std::sort(conjunction.begin(), conjunction.end());
    result.kept_when.push_back(std::move(conjunction));
  }
  return result;
}

/// Returns the part of `kept_when` that `host` certainly allows.
std::vector<Conjunction> still_allowed(const std::vector<Rule>& host, const std::vector<Conjunction>& kept_when) {
  std::vector<Conjunction> result;
  for (const Conjunction& kept : kept_when) {
    for (const Rule& rule : host) {
      if (!rule.allow) {
        continue;
      }
      const auto both = intersect(rule.args, kept);
      const bool refused = !both || std::any_of(host.begin(), host.end(), [&](const Rule& other) {
        return !other.allow && !disjoint(other.args, *both);
      });
      if (!refused) {
        result.push_back(*both);
      }
    }
  }
  return without_redundant(std::move(result));
}

std::vector<Rule> reduced(const std::vector<Rule>& host, const TakenAway& entry) {
  const std::vector<Conjunction> kept = still_allowed(host, entry.kept_when);
  if (kept.empty()) {
    return {{false, entry.errno_value, {}}};
  }
  const std::vector<Conjunction> rest = complement(kept);
  std::vector<Rule> rules;
  rules.reserve(kept.size() + rest.size());
  for (const Conjunction& args : kept) {
    rules.push_back({true, 0, args});
  }
  for (const Conjunction& args : rest) {
    rules.push_back({false, entry.errno_value, args});
  }
  return rules;
}

} // namespace

std::vector<TakenAway> taken_away(Box box, Arch arch) {
  const char* const name = box == Box::agent ? "agent" : box == Box::firewall ? "firewall" : "build";
  static const json data = json::parse(k_taken_away_text);
  std::vector<TakenAway> result;
  for (const json& entry : data.at("taken_away")) {
    if (holds_for(entry, "boxes", name) && holds_for(entry, "arches", arch_names(arch).uname)) {
      result.push_back(read_entry(entry));
    }
  }
  return result;
}

Profile take_away(Profile profile, const std::vector<TakenAway>& entries) {
  for (const TakenAway& entry : entries) {
    for (const std::string& name : entry.names) {
      profile.syscalls[name] = reduced(profile.syscalls[name], entry);
    }
  }
  return profile;
}

json derive(std::string_view host_profile, Box box, Arch arch, const std::vector<std::string>& capabilities,
            const std::string& where) {
  const json host = json::parse(host_profile, nullptr, false);
  if (host.is_discarded()) {
    throw Error(ExitCode::refused,
                host_profile.empty() ? "the host's seccomp profile " + where + " is missing or empty"
                                     : "the host's seccomp profile " + where + " is not valid JSON",
                "install the package that ships it: golang-github-containers-common (Debian, Ubuntu), "
                "containers-common (Fedora, openSUSE, Alpine, Arch)");
  }
  return to_oci(take_away(read_host_profile(host, arch, capabilities, where), taken_away(box, arch)));
}

} // namespace agentbox::oci::seccomp
