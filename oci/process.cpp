// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fmt/format.h>
#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>

#include "oci/render.hpp"
#include "protocol/protocol.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::json;

constexpr const char* k_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

json rlimit(const char* type, std::uint64_t value) {
  return {{"type", type}, {"hard", value}, {"soft", value}};
}

json as_list(const std::map<std::string, std::string>& variables) {
  json list = json::array();
  for (const auto& [name, value] : variables) {
    std::string assignment = name;
    list.push_back(assignment.append("=").append(value));
  }
  return list;
}

/// Variables that name a CA bundle; there is no common one.
constexpr std::initializer_list<const char*> k_ca_variables = {
    "CARGO_HTTP_CAINFO", "CURL_CA_BUNDLE",     "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",          "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"};

} // namespace

json capability_sets(const std::vector<std::string>& names) {
  return {{"ambient", names}, {"bounding", names}, {"effective", names}, {"inheritable", names}, {"permitted", names}};
}

json resource_limits(std::optional<std::uint64_t> processes, std::uint64_t open_files, const HostFacts& facts) {
  json limits = {rlimit("RLIMIT_CORE", 0), rlimit("RLIMIT_NOFILE", std::min(open_files, facts.open_files_hard))};
  if (processes) {
    limits.push_back(rlimit("RLIMIT_NPROC", std::min(*processes, facts.processes_hard)));
  }
  return limits;
}

json agent_environment(const policy::PolicyFields& fields, const HostFacts& facts) {
  // Later entries win. The user may set PATH, but not what the box needs to be safe.
  const std::string& home = fields.user.home;
  std::map<std::string, std::string> env = {
      {"EDITOR", "nano"},
      {"LANG", "C.UTF-8"},
      {"NPM_CONFIG_PREFIX", home + "/.npm-global"}, // npm install -g
      {"PATH", fmt::format("{0}:{1}/.local/bin:{1}/.npm-global/bin:{1}/.cargo/bin:{1}/go/bin", k_path, home)},
      {"PIP_BREAK_SYSTEM_PACKAGES", "1"}, // pip install: the box has nothing to break (PEP 668)
  };
  const auto put = [&](const std::map<std::string, std::string>& variables) {
    for (const auto& [name, value] : variables) {
      env[name] = value;
    }
  };
  put(facts.agent_env);
  put(fields.agent.env);
  if (fields.ca_bundle) {
    for (const char* name : k_ca_variables) {
      env[name] = protocol::k_ca_bundle_path;
    }
  }
  put(fields.env);
  put({{"HOME", fields.user.home},
       {"USER", fields.user.name},
       {"LOGNAME", fields.user.name},
       {"HOSTNAME", fields.hostname},
       {"container", "podman"},
       {protocol::k_network_variable, std::string(policy::mode_text(fields.egress.mode))},
       {protocol::k_pids_variable, std::to_string(fields.limits.pids)},
       {protocol::k_nonce_variable, facts.nonce}});
  if (facts.leash) {
    env[protocol::k_leash_variable] = "1";
  }
  if (fields.confinement.prove_at_start) {
    env[protocol::k_verify_variable] = "1";
  }
  return as_list(env);
}

json firewall_environment() {
  return as_list({{"LANG", "C.UTF-8"}, {"PATH", "/"}});
}

} // namespace agentbox::oci
