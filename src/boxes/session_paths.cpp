// SPDX-License-Identifier: Apache-2.0
#include "boxes/session_paths.hpp"

#include "support/file.hpp"

namespace agentbox::boxes {
namespace fs = std::filesystem;

fs::path sessions_folder() {
  return support::runtime_folder() / "sessions";
}
SessionPaths session_paths(const std::string& name) {
  return {sessions_folder() / name};
}
fs::path audit_folder() {
  return support::state_folder() / "audit";
}
fs::path audit_file(const std::string& name) {
  return audit_folder() / (name + protocol::k_log_suffix);
}
std::string pod_name(const std::string& name) {
  return protocol::k_pod_prefix + name;
}
std::string agent_container(const std::string& name) {
  return pod_name(name) + protocol::k_agent_suffix;
}
std::string firewall_container(const std::string& name) {
  return pod_name(name) + protocol::k_firewall_suffix;
}

} // namespace agentbox::boxes
