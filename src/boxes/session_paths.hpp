// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>

#include "protocol/protocol.hpp"

namespace agentbox::boxes {

/// The files of one session, below runtime_directory()/sessions/NAME. See ARCHITECTURE.md for who writes which.
struct SessionPaths {
  std::filesystem::path directory;

  std::filesystem::path lock() const { return directory / protocol::k_lock; }
  std::filesystem::path sweep_lock() const { return directory / "sweep-lock"; }
  std::filesystem::path record() const { return directory / protocol::k_session_record; }
  std::filesystem::path hooks() const { return directory / protocol::k_hooks_directory; }
  std::filesystem::path hook_file() const { return hooks() / protocol::k_hook_file; }
  std::filesystem::path firewall_config() const { return directory / protocol::k_firewall_config; }
  std::filesystem::path agent_config() const { return directory / protocol::k_agent_config; }
  std::filesystem::path agent_env() const { return directory / protocol::k_agent_env; }
  std::filesystem::path hook_error() const { return directory / protocol::k_hook_error; }
  std::filesystem::path firewall_pid() const { return directory / protocol::k_firewall_pid; }
  std::filesystem::path agent_pid() const { return directory / protocol::k_agent_pid; }
  std::filesystem::path egress() const { return directory / protocol::k_egress; }
  std::filesystem::path resolv_conf() const { return directory / protocol::k_resolv_conf; }
  std::filesystem::path hosts() const { return directory / protocol::k_hosts; }
  std::filesystem::path pod_id() const { return directory / "pod-id"; }
  std::filesystem::path pod_name_fifo() const { return directory / protocol::k_pod_name_fifo; }
  std::filesystem::path empty() const { return directory / protocol::k_empty; }
  std::filesystem::path ca_bundle() const { return directory / "ca-bundle"; }
  std::filesystem::path workspace() const { return directory / protocol::k_workspace_claim; }
  std::filesystem::path box() const { return directory / protocol::k_box_directory; }
  std::filesystem::path box_file() const { return box() / protocol::k_box_file; }
  std::filesystem::path run() const { return directory / protocol::k_run_directory; }
  std::filesystem::path leash() const { return directory / protocol::k_run_leash; }
  std::filesystem::path failed() const { return directory / protocol::k_run_failed; }
  std::filesystem::path host_resolv_conf() const { return run() / protocol::k_host_resolv_conf; }
};

/// Returns runtime_directory()/sessions.
std::filesystem::path sessions_directory();
/// Returns the paths of box `name`'s session. Creates nothing.
SessionPaths session_paths(const std::string& name);
/// Returns state_directory()/audit, where the firewalls write their logs. It outlives the sessions.
std::filesystem::path audit_directory();
/// Returns audit_directory()/NAME.jsonl.
std::filesystem::path audit_file(const std::string& name);

/// Return "agentbox-NAME", "agentbox-NAME-agent", "agentbox-NAME-firewall".
std::string pod_name(const std::string& name);
std::string agent_container(const std::string& name);
std::string firewall_container(const std::string& name);

} // namespace agentbox::boxes
