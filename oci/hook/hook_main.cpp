// SPDX-License-Identifier: Apache-2.0
// agentbox-hook SESSION_DIR: the OCI precreate hook. Reads Podman's config for a container from stdin; if all checks
// pass, writes to stdout the config with which to create the container.
#include <chrono>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <unistd.h>

#include "oci/hook/box_namespaces.hpp"
#include "oci/hook/inotify_quota.hpp"
#include "oci/hook/mount_sources.hpp"
#include "oci/hook/readiness.hpp"
#include "oci/hook/session_directory.hpp"
#include "oci/impose/env_values.hpp"
#include "oci/impose/impose.hpp"
#include "protocol/protocol.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/file.hpp"

namespace {

using agentbox::oci::Role;
using agentbox::oci::hook::SessionDirectory;
using agentbox::support::Error;
using agentbox::support::ExitCode;
using nlohmann::json;

constexpr std::size_t k_max_config_bytes = 4U << 20U;
constexpr std::size_t k_max_egress_bytes = 16U << 20U;
constexpr std::chrono::seconds k_firewall_deadline{10};
constexpr std::chrono::seconds k_launcher_deadline{3};

std::string nonce_of(const json& agent) {
  const std::string prefix = std::string(agentbox::protocol::k_nonce_variable) + "=";
  for (const json& entry : agent.at("process").at("env")) {
    if (const auto text = entry.get<std::string>(); text.starts_with(prefix)) {
      return text.substr(prefix.size());
    }
  }
  return {};
}

void require_egress(const SessionDirectory& session, const json& firewall) {
  const std::string digest =
      agentbox::support::sha256_hex(session.read(agentbox::protocol::k_egress, k_max_egress_bytes));
  if (firewall.at("annotations").value(agentbox::protocol::k_egress_annotation, std::string()) != digest) {
    throw Error(ExitCode::refused, "egress.json does not match the policy", "start the box again");
  }
}

json decide(const SessionDirectory& session, const std::string& input) {
  const json podman = json::parse(input, nullptr, false);
  if (!podman.is_object()) {
    throw Error(ExitCode::refused, "Podman's config is not a JSON object");
  }
  session.require_launcher();
  const json firewall = session.read_json(agentbox::protocol::k_firewall_config);
  const Role role = agentbox::oci::decide_role(podman, firewall);
  if (role == Role::firewall) {
    require_egress(session, firewall);
    return agentbox::oci::impose(podman, firewall, role);
  }
  json agent = session.read_json(agentbox::protocol::k_agent_config);
  if (agentbox::oci::lacks_env_values(agent)) {
    agentbox::oci::restore_env_values(agent, session.read_fifo(agentbox::protocol::k_agent_env, k_launcher_deadline));
  }
  json config = agentbox::oci::impose(podman, agent, role);
  const auto process = agentbox::oci::hook::require_one_user_namespace(config);
  session.write_firewall_pid(process.pid);
  agentbox::oci::hook::limit_inotify(process);
  agentbox::oci::hook::wait_until_ready(session, nonce_of(agent), process.pidfd, k_firewall_deadline);
  // Last, to leave little time in which a path could be replaced.
  agentbox::oci::hook::require_recorded_sources(agent);
  session.require_launcher(); // it may have died while the firewall started
  return config;
}

int refuse(const std::optional<SessionDirectory>& session, const Error& error) {
  std::cerr << "agentbox-hook: " << error.what() << '\n';
  if (!error.hint().empty()) {
    std::cerr << "  hint: " << error.hint() << '\n';
  }
  if (session) {
    session->write_error(error);
  }
  return 1;
}

} // namespace

int main(int argc, char** argv) {
  std::optional<SessionDirectory> session;
  try {
    if (argc != 2 || argv[1][0] == '-') {
      throw Error(ExitCode::usage, "usage: agentbox-hook SESSION_DIR <config.json (started by Podman, not by hand)");
    }
    session.emplace(argv[1]);
    const std::string input = agentbox::support::read_all(STDIN_FILENO, "Podman's config", k_max_config_bytes);
    agentbox::support::write_all(STDOUT_FILENO, decide(*session, input).dump(), "the config for Podman");
    return 0;
  } catch (const Error& error) {
    return refuse(session, error);
  } catch (const std::exception& error) {
    return refuse(session, {ExitCode::refused, std::string("the container's config cannot be read: ") + error.what()});
  }
}
