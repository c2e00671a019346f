// SPDX-License-Identifier: Apache-2.0
#include "oci/seccomp/profile.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <utility>

#include "support/error.hpp"
#include "support/json_integer.hpp"
#include "support/sorted.hpp"

namespace agentbox::oci::seccomp {
namespace {

using nlohmann::json;
using support::Error;
using support::ExitCode;

constexpr std::uint32_t k_eperm = 1; // the default if a profile names no errno
constexpr std::uint32_t k_max_errno = 4095;
constexpr std::uint32_t k_arguments = 6;

constexpr std::array<std::pair<std::string_view, Operator>, 7> k_operators{{
    {"SCMP_CMP_NE", Operator::ne},
    {"SCMP_CMP_LT", Operator::lt},
    {"SCMP_CMP_LE", Operator::le},
    {"SCMP_CMP_EQ", Operator::eq},
    {"SCMP_CMP_GE", Operator::ge},
    {"SCMP_CMP_GT", Operator::gt},
    {"SCMP_CMP_MASKED_EQ", Operator::masked_eq},
}};

Error not_understood(const std::string& where, const std::string& what) {
  return {ExitCode::refused, where + ": " + what + "; it cannot be used as the base of the box's filter",
          "install your distribution's own profile: reinstall golang-github-containers-common (Debian, Ubuntu) or "
          "containers-common (Fedora, openSUSE, Arch)"};
}

std::string_view operator_text(Operator op) {
  for (const auto& [text, value] : k_operators) {
    if (value == op) {
      return text;
    }
  }
  return {};
}

void require_keys(const json& object, std::initializer_list<std::string_view> known, const std::string& where) {
  if (!object.is_object()) {
    throw not_understood(where, "an object was expected, found " + std::string(object.type_name()));
  }
  for (const auto& [key, value] : object.items()) {
    if (!support::contains(known, key)) {
      throw not_understood(where, "unknown key \"" + key + "\"");
    }
  }
}

/// Returns object[key] as a list of strings; empty if absent or null.
std::vector<std::string> strings(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? std::vector<std::string>{}
                                                   : found->get<std::vector<std::string>>();
}

bool contains_any(const std::vector<std::string>& list, const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& word) { return support::contains(list, word); });
}

bool contains_all(const std::vector<std::string>& list, const std::vector<std::string>& words) {
  return std::all_of(words.begin(), words.end(),
                     [&](const std::string& word) { return support::contains(list, word); });
}

/// The values that the conditions of a group of the host's profile are checked against.
struct Situation {
  std::string_view arch;
  const std::vector<std::string>& capabilities;
  const std::string& where;
};

/// Returns whether `group` applies here. A group that allows calls on newer kernels only (minKernel) never applies:
/// that refuses more, and needs no kernel version.
bool applies(const json& group, bool allows, const Situation& situation) {
  const auto filter = [&](const char* key) {
    const auto found = group.find(key);
    json object = found == group.end() || found->is_null() ? json::object() : *found;
    require_keys(object, {"caps", "arches", "minKernel"}, situation.where);
    return object;
  };
  const json includes = filter("includes");
  const json excludes = filter("excludes");
  if (allows && includes.contains("minKernel")) {
    return false;
  }
  const auto arches = strings(includes, "arches");
  return (arches.empty() || support::contains(arches, situation.arch)) &&
         !support::contains(strings(excludes, "arches"), situation.arch) &&
         contains_all(situation.capabilities, strings(includes, "caps")) &&
         !contains_any(situation.capabilities, strings(excludes, "caps"));
}

std::uint32_t errno_of(const json& group, const char* key, std::uint32_t otherwise, const std::string& where) {
  const auto found = group.find(key);
  if (found == group.end() || found->is_null()) {
    return otherwise;
  }
  const auto value = support::json_integer<std::uint32_t>(*found);
  if (value == 0 || value > k_max_errno) {
    throw not_understood(where, std::string(key) + " is not a valid errno");
  }
  return value;
}

/// Returns whether `action` allows; throws unless it refuses.
bool allows(const std::string& action, const std::string& where) {
  if (action == "SCMP_ACT_ALLOW") {
    return true;
  }
  for (const char* refusal : {"SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_KILL_PROCESS"}) {
    if (action == refusal) {
      return false;
    }
  }
  throw not_understood(where, "unknown action \"" + action + "\"");
}

/// Reads like Podman: one rule for all comparisons of a group if each is of another argument, else one rule each.
std::vector<Conjunction> read_args(const json& group, const std::string& where) {
  const auto found = group.find("args");
  if (found == group.end() || found->is_null() || found->empty()) {
    return {Conjunction{}};
  }
  Conjunction all;
  bool repeated = false;
  for (const json& arg : *found) {
    const Comparison comparison = read_comparison(arg, where);
    repeated =
        repeated || std::any_of(all.begin(), all.end(), [&](const auto& c) { return c.index == comparison.index; });
    all.push_back(comparison);
  }
  if (!repeated) {
    std::sort(all.begin(), all.end());
    return {all};
  }
  std::vector<Conjunction> each;
  for (const Comparison& comparison : all) {
    each.push_back({comparison});
  }
  return each;
}

void read_group(const json& group, const Situation& situation, Profile& profile) {
  const std::string& where = situation.where;
  require_keys(group, {"name", "names", "action", "args", "comment", "includes", "excludes", "errnoRet", "errno"},
               where);
  const bool allow = allows(group.at("action").get<std::string>(), where);
  if (!applies(group, allow, situation)) {
    return;
  }
  std::vector<std::string> names = strings(group, "names");
  if (group.contains("name") && !group.at("name").get<std::string>().empty()) {
    names.push_back(group.at("name").get<std::string>());
  }
  const std::uint32_t errno_value = allow ? 0 : errno_of(group, "errnoRet", k_eperm, where);
  for (const Conjunction& args : read_args(group, where)) {
    for (const std::string& name : names) {
      profile.syscalls[name].push_back({allow, errno_value, args});
    }
  }
}

// An unconditional refusal overrides everything, an unconditional permission overrides conditional ones, so that the
// result does not depend on what a filter library does with both.
void settle(std::vector<Rule>& rules) {
  const auto refusal =
      std::find_if(rules.begin(), rules.end(), [](const Rule& r) { return r.unconditional() && !r.allow; });
  if (refusal != rules.end()) {
    rules = {Rule(*refusal)};
    return;
  }
  const bool allowed =
      std::any_of(rules.begin(), rules.end(), [](const Rule& r) { return r.unconditional() && r.allow; });
  if (allowed) {
    std::erase_if(rules, [](const Rule& rule) { return rule.allow && !rule.unconditional(); });
  }
  std::sort(rules.begin(), rules.end());
  rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
}

Profile read(const json& host, const Situation& situation, Arch arch) {
  const std::string& where = situation.where;
  require_keys(host,
               {"defaultAction", "defaultErrnoRet", "defaultErrno", "archMap", "architectures", "syscalls", "flags",
                "listenerPath", "listenerMetadata"},
               where);
  if (allows(host.at("defaultAction").get<std::string>(), where)) {
    throw not_understood(where, "its default action allows system calls");
  }
  Profile profile;
  profile.arch = arch;
  profile.default_errno = errno_of(host, "defaultErrnoRet", k_eperm, where);
  for (const json& group : host.at("syscalls")) {
    read_group(group, situation, profile);
  }
  for (auto& [name, rules] : profile.syscalls) {
    settle(rules);
  }
  const bool usable = std::any_of(profile.syscalls.begin(), profile.syscalls.end(),
                                  [](const auto& call) { return call.first == "execve" && call.second.front().allow; });
  if (!usable) {
    throw not_understood(where, "it does not allow execve, so nothing could start");
  }
  return profile;
}

json to_json(const Rule& rule, const std::vector<std::string>& names) {
  json group = {{"names", names}, {"action", rule.allow ? "SCMP_ACT_ALLOW" : "SCMP_ACT_ERRNO"}};
  if (!rule.allow) {
    group["errnoRet"] = rule.errno_value;
  }
  for (const Comparison& comparison : rule.args) {
    json arg = {{"index", comparison.index}, {"value", comparison.value}, {"op", operator_text(comparison.op)}};
    if (comparison.op == Operator::masked_eq) {
      arg["valueTwo"] = comparison.value_two;
    }
    group["args"].push_back(std::move(arg));
  }
  return group;
}

} // namespace

Comparison read_comparison(const json& arg, const std::string& where) {
  require_keys(arg, {"index", "value", "valueTwo", "op"}, where);
  const auto op = arg.at("op").get<std::string>();
  for (const auto& [text, value] : k_operators) {
    if (op == text) {
      const auto number = [&](const char* key) { return support::json_integer<std::uint64_t>(arg.at(key)); };
      const Comparison comparison{support::json_integer<std::uint32_t>(arg.at("index")), value, number("value"),
                                  value == Operator::masked_eq && arg.contains("valueTwo") ? number("valueTwo") : 0};
      if (comparison.index >= k_arguments) {
        throw not_understood(where, "a system call has six arguments");
      }
      return comparison;
    }
  }
  throw not_understood(where, "unknown comparison \"" + op + "\"");
}

Profile read_host_profile(const json& host, Arch arch, const std::vector<std::string>& capabilities,
                          const std::string& where) {
  try {
    return read(host, {arch_names(arch).go, capabilities, where}, arch);
  } catch (const json::exception& error) {
    throw not_understood(where, error.what());
  }
}

json to_oci(const Profile& profile) {
  // Calls with the same rule share an entry: the runtime's time grows with the number of entries.
  std::map<Rule, std::vector<std::string>> groups;
  for (const auto& [name, rules] : profile.syscalls) {
    for (const Rule& rule : rules) {
      groups[rule].push_back(name);
    }
  }
  json syscalls = json::array();
  for (const auto& [rule, names] : groups) {
    syscalls.push_back(to_json(rule, names));
  }
  return {{"defaultAction", "SCMP_ACT_ERRNO"},
          {"defaultErrnoRet", profile.default_errno},
          {"architectures", json::array({arch_names(profile.arch).scmp})},
          {"syscalls", std::move(syscalls)}};
}

} // namespace agentbox::oci::seccomp
