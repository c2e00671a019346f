// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "oci/impose/impose_parts.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::json;
using support::in_quotes;

constexpr std::array<const char*, 6> k_kept = {"namespaces",  "uidMappings", "gidMappings",
                                               "cgroupsPath", "mountLabel",  "rootfsPropagation"};

// The agent joins the firewall's network and user namespaces; all others are new. A namespace that is missing or has a
// path would be shared with the host or another container. For a firewall without its own user namespace, as in
// a build, Podman creates the network namespace first.
bool has_expected_path(const json& entry, Role role, bool own_user) {
  const bool shared = entry.at("type") == "network" || entry.at("type") == "user";
  return ((role == Role::agent || !own_user) && shared) != text_at(entry, "path").empty();
}

// `ours` are the namespaces of our config.
void require_namespaces(const json& podman, const json& ours, Role role) {
  const auto count = [](const json& namespaces, const json& type) {
    return std::count_if(namespaces.begin(), namespaces.end(),
                         [&](const json& entry) { return entry.at("type") == type; });
  };
  for (const json& entry : ours) {
    if (count(podman, entry.at("type")) != 1) {
      throw unexpected("it shares the host's " + text_at(entry, "type") + " namespace", "a private one");
    }
  }
  const bool own_user = count(ours, "user") == 1;
  for (const json& entry : podman) {
    const std::string type = text_at(entry, "type");
    if (count(ours, type) == 0) {
      throw unexpected("it has a namespace of type " + in_quotes(type), "none");
    }
    if (!has_expected_path(entry, role, own_user)) {
      const bool joins = !text_at(entry, "path").empty();
      throw unexpected("its " + type + " namespace " +
                           (joins ? "is that of " + in_quotes(text_at(entry, "path")) : "is new"),
                       joins ? "a new one" : "the firewall's");
    }
  }
}

void require_resources(const json& podman) {
  require_known_keys(podman, {"devices", "memory", "cpu", "pids"}, "linux.resources");
  for (const json& rule : podman.value("devices", json::array())) {
    if (rule.value("allow", false)) {
      throw unexpected("access to a device is allowed: " + in_quotes(rule.dump()), "none");
    }
  }
}

void require_sysctls(const json& podman) {
  for (const auto& [name, value] : podman.items()) {
    if (name != "net.ipv4.ping_group_range") { // Podman's default, which we drop: nobody can ping
      throw unexpected("the sysctl " + in_quotes(name) + " is set", "none");
    }
  }
}

// Paths that Podman hides but our policy does not list stay hidden.
void add_missing(const json& podman, json& ours) {
  for (const json& path : podman) {
    if (!support::contains(ours, path)) {
      ours.push_back(path);
    }
  }
}

} // namespace

void impose_linux(const json& podman, json& result, Role role) {
  require_known_keys(podman,
                     {"uidMappings", "gidMappings", "sysctl", "resources", "cgroupsPath", "namespaces", "seccomp",
                      "rootfsPropagation", "maskedPaths", "readonlyPaths", "mountLabel"},
                     "linux");
  require_namespaces(podman.at("namespaces"), result.at("namespaces"), role);
  require_resources(podman.value("resources", json::object()));
  require_sysctls(podman.value("sysctl", json::object()));
  require_same_label(podman, result, "mountLabel");
  if (text_at(podman, "rootfsPropagation").ends_with("shared")) {
    throw unexpected("mounts made in it would appear on the host (rootfsPropagation)", "private or slave");
  }
  for (const char* key : k_kept) {
    result.erase(key);
    if (podman.contains(key)) {
      result[key] = podman.at(key);
    }
  }
  if (const json rules = podman.value("resources", json::object()).value("devices", json::array()); !rules.empty()) {
    result["resources"]["devices"] = rules;
  }
  add_missing(podman.value("maskedPaths", json::array()), result.at("maskedPaths"));
  add_missing(podman.value("readonlyPaths", json::array()), result.at("readonlyPaths"));
}

} // namespace agentbox::oci
