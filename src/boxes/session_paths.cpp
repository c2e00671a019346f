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
  return audit_folder() / (name + ".jsonl");
}
std::string pod_name(const std::string& name) {
  return "agentbox-" + name;
}
std::string agent_container(const std::string& name) {
  return pod_name(name) + "-agent";
}
std::string firewall_container(const std::string& name) {
  return pod_name(name) + "-firewall";
}

} // namespace agentbox::boxes
