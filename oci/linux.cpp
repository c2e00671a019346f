// SPDX-License-Identifier: Apache-2.0
#include "oci/render.hpp"

#include <nlohmann/json.hpp>

#include "support/error.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::json;
using support::Error;
using support::ExitCode;

constexpr std::uint32_t k_cpu_period_us = 100000;
constexpr std::uint32_t k_firewall_pids = 16; // it has one thread

json id_mappings(const std::vector<IdMapping>& mappings) {
  json list = json::array();
  for (const IdMapping& mapping : mappings) {
    list.push_back({{"containerID", mapping.container_id}, {"hostID", mapping.host_id}, {"size", mapping.size}});
  }
  return list;
}

json name_space(const char* type, const std::optional<std::filesystem::path>& path = std::nullopt) {
  json result = {{"type", type}};
  if (path) {
    result["path"] = path->string();
  }
  return result;
}

Error not_enforceable(const std::string& limit, const std::string& flag, const std::string& controller) {
  return {ExitCode::refused,
          "the " + limit + " cannot be enforced: the cgroup controller \"" + controller + "\" is not delegated to you",
          "leave out " + flag + ", or see how to delegate it: agentbox doctor"};
}

} // namespace

json agent_resources(const policy::Limits& limits, const Controllers& delegated) {
  const auto& [pids, memory_bytes, cpu_millis, shm_bytes, tmp_bytes, open_files] = limits; // the last three: elsewhere
  static_cast<void>(shm_bytes), static_cast<void>(tmp_bytes), static_cast<void>(open_files);
  json resources = json::object();
  if (delegated.pids) {
    resources["pids"] = {{"limit", pids}};
  }
  if (memory_bytes) {
    if (!delegated.memory) {
      throw not_enforceable("memory limit", "--memory", "memory");
    }
    resources["memory"] = {{"limit", *memory_bytes}, {"swap", *memory_bytes}}; // swap is the sum of both: no swap
  }
  if (cpu_millis) {
    if (!delegated.cpu) {
      throw not_enforceable("CPU limit", "--cpus", "cpu");
    }
    resources["cpu"] = {{"period", k_cpu_period_us}, {"quota", std::uint64_t{*cpu_millis} * (k_cpu_period_us / 1000)}};
  }
  return resources;
}

json firewall_resources(const Controllers& delegated) {
  return delegated.pids ? json{{"pids", {{"limit", k_firewall_pids}}}} : json::object();
}

json linux_section(const policy::Confinement& confinement, const HostFacts& facts) {
  return {{"maskedPaths", confinement.masked_paths},
          {"readonlyPaths", confinement.readonly_paths},
          {"uidMappings", id_mappings(facts.uid_mappings)},
          {"gidMappings", id_mappings(facts.gid_mappings)},
          {"namespaces",
           {name_space("pid"), name_space("network"), name_space("ipc"), name_space("uts"), name_space("mount"),
            name_space("cgroup"), name_space("user")}}};
}

} // namespace agentbox::oci
