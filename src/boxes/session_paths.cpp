// SPDX-License-Identifier: Apache-2.0
#include "boxes/session_paths.hpp"

#include "support/file.hpp"

namespace agentbox::boxes {
namespace fs = std::filesystem;

fs::path sessions_directory() {
  return support::runtime_directory() / "sessions";
}
SessionPaths session_paths(const std::string& name) {
  return {sessions_directory() / name};
}
fs::path audit_directory() {
  return support::state_directory() / "audit";
}
fs::path audit_file(const std::string& name) {
  return audit_directory() / (name + protocol::k_log_suffix);
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
