// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "policy/egress_json.hpp"
#include "policy/env_names.hpp"
#include "policy/policy.hpp"

namespace agentbox::policy {
namespace {

using nlohmann::json;

// Each of these binds every member, so that a new one is shown as well or does not compile.

json value_of(const User& user) {
  const auto& [uid, gid, name, home] = user;
  return {{"uid", uid}, {"gid", gid}, {"name", name}, {"home", home}};
}

json value_of(const Workspace& workspace) {
  const auto& [source, destination, protect, mask, protect_except] = workspace;
  json value = {{"source", source.string()}, {"destination", destination}, {"protect", protect}, {"mask", mask}};
  if (!protect_except.empty()) { // what has none reads as it did before there were any
    value["protect_except"] = protect_except;
  }
  return value;
}

json value_of(const std::vector<Mount>& mounts) {
  json list = json::array();
  for (const auto& [source, destination, read_only, reason] : mounts) {
    list.push_back(
        {{"source", source.string()}, {"destination", destination}, {"read_only", read_only}, {"reason", reason}});
  }
  return list;
}

json value_of(const std::map<std::string, std::string>& env) {
  json object = json::object();
  for (const auto& [name, value] : env) {
    object[name] = looks_like_secret(name) ? std::string(k_hidden_value) : value;
  }
  return object;
}

json value_of(const std::vector<PublishedPort>& ports) {
  json list = json::array();
  for (const auto& [address, host_port, box_port] : ports) {
    list.push_back({{"address", address}, {"host_port", host_port}, {"box_port", box_port}});
  }
  return list;
}

template <typename Number>
json or_null(const std::optional<Number>& number) {
  return number ? json(*number) : json();
}

json value_of(const Limits& limits) {
  const auto& [pids, memory_bytes, cpu_millis, shm_bytes, tmp_bytes, open_files] = limits;
  return {{"pids", pids},
          {"memory_bytes", or_null(memory_bytes)},
          {"cpu_millis", or_null(cpu_millis)},
          {"shm_bytes", shm_bytes},
          {"tmp_bytes", tmp_bytes},
          {"open_files", open_files}};
}

json value_of(const Confinement& confinement) {
  const auto& [capabilities, no_new_privileges, firewall_capabilities, masked_paths, readonly_paths, prove_at_start] =
      confinement;
  return {{"capabilities", capabilities},
          {"no_new_privileges", no_new_privileges},
          {"firewall_capabilities", firewall_capabilities},
          {"masked_paths", masked_paths},
          {"readonly_paths", readonly_paths},
          {"prove_at_start", prove_at_start}};
}

json value_of(const Agent& agent) {
  const auto& [name, command, prompt, env, auth] = agent;
  return {{"name", name}, {"command", command}, {"prompt", prompt}, {"env", value_of(env)}, {"auth", auth}};
}

json value_of(const Run& run) {
  const auto& [kind, prompt, command] = run;
  switch (kind) {
  case Run::Kind::agent: return {{"kind", "agent"}};
  case Run::Kind::prompt: return {{"kind", "prompt"}, {"prompt", prompt}};
  case Run::Kind::command: return {{"kind", "command"}, {"command", command}};
  }
  return {};
}

json value_of(const ImageChoice& image) {
  const auto& [base, toolkits] = image;
  return {{"base", base}, {"toolkits", toolkits}};
}

} // namespace

std::string to_json(const Policy& policy) {
  const auto& [user, workspace, mounts, env, ports, limits, confinement, egress, firewall_driver, agent, run, image,
               ca_bundle, name, hostname] = policy.fields();
  const json document = {
      {"version", 1},
      {"user", value_of(user)},
      {"workspace", value_of(workspace)},
      {"mounts", value_of(mounts)},
      {"env", value_of(env)},
      {"ports", value_of(ports)},
      {"limits", value_of(limits)},
      {"confinement", value_of(confinement)},
      {"network", json::parse(to_json(egress))},
      {"firewall_driver", driver_text(firewall_driver)},
      {"agent", value_of(agent)},
      {"run", value_of(run)},
      {"image", value_of(image)},
      {"ca_bundle", ca_bundle ? json(ca_bundle->string()) : json()},
      {"name", name},
      {"hostname", hostname},
  };
  return document.dump(2, ' ', true) + "\n";
}

} // namespace agentbox::policy
