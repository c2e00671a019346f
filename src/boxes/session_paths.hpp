// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>

namespace agentbox::boxes {

/// The files of one session, below runtime_folder()/sessions/NAME. See ARCHITECTURE.md for who writes which.
struct SessionPaths {
  std::filesystem::path folder;

  std::filesystem::path lock() const { return folder / "lock"; }
  std::filesystem::path record() const { return folder / "session.json"; }
  std::filesystem::path hooks() const { return folder / "hooks"; }
  std::filesystem::path hook_file() const { return hooks() / "agentbox.json"; }
  std::filesystem::path firewall_config() const { return folder / "firewall.json"; }
  std::filesystem::path agent_config() const { return folder / "agent.json"; }
  std::filesystem::path agent_env() const { return folder / "agent-env"; }
  std::filesystem::path hook_error() const { return folder / "hook-error"; }
  std::filesystem::path firewall_pid() const { return folder / "firewall.pid"; }
  std::filesystem::path agent_pid() const { return folder / "agent.pid"; }
  std::filesystem::path egress() const { return folder / "egress.json"; }
  std::filesystem::path resolv_conf() const { return folder / "resolv.conf"; }
  std::filesystem::path hosts() const { return folder / "hosts"; }
  std::filesystem::path pod_name_fifo() const { return folder / "pod-name"; }
  std::filesystem::path empty() const { return folder / "empty"; }
  std::filesystem::path workspace() const { return folder / "workspace"; }
  std::filesystem::path run() const { return folder / "run"; }
  std::filesystem::path failed() const { return run() / "failed"; }
  std::filesystem::path host_resolv_conf() const { return run() / "resolv.conf"; }
};

/// runtime_folder()/sessions.
std::filesystem::path sessions_folder();
/// The paths of box `name`'s session. Nothing is created.
SessionPaths session_paths(const std::string& name);
/// state_folder()/audit: where the firewalls write what they decided. Outlives the sessions.
std::filesystem::path audit_folder();
/// audit_folder()/NAME.jsonl.
std::filesystem::path audit_file(const std::string& name);

/// "agentbox-NAME", "agentbox-NAME-agent", "agentbox-NAME-firewall".
std::string pod_name(const std::string& name);
std::string agent_container(const std::string& name);
std::string firewall_container(const std::string& name);

} // namespace agentbox::boxes
