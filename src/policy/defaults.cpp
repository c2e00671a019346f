// SPDX-License-Identifier: Apache-2.0
#include "executes/rules.hpp"
#include "policy/agents.hpp"
#include "policy/policy.hpp"

namespace agentbox::policy {

const std::vector<std::string>& default_masked_paths() {
  // The lists of Podman 4.3 and 5.x together. The runtime ignores paths that the kernel does not have.
  static const std::vector<std::string> paths = {
      "/proc/acpi",       "/proc/asound",        "/proc/interrupts",  "/proc/kcore",
      "/proc/keys",       "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
      "/proc/timer_list", "/proc/timer_stats",   "/sys/dev/block",    "/sys/devices/virtual/powercap",
      "/sys/firmware",    "/sys/fs/selinux",
  };
  return paths;
}

const std::vector<std::string>& default_readonly_paths() {
  static const std::vector<std::string> paths = {
      "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
  };
  return paths;
}

const std::vector<std::string>& default_protected_paths() {
  return executes::protected_names();
}

const std::vector<std::string>& default_hidden_paths() {
  static const std::vector<std::string> paths = {".env", ".env.development.local", ".env.local",
                                                 ".env.production.local", ".env.test.local"};
  return paths;
}

const std::vector<std::string>& toolkit_names() {
  static const std::vector<std::string> names = {"c_cpp", "datascience", "java", "python", "web"};
  return names;
}

const std::string& default_base_image() {
  static const std::string base = "docker.io/library/debian:bookworm-slim";
  return base;
}

PolicyFields default_fields() {
  PolicyFields fields;
  fields.workspace.source = "/workspace-source";
  fields.workspace.protect = default_protected_paths();
  fields.workspace.mask = default_hidden_paths();
  fields.confinement.masked_paths = default_masked_paths();
  fields.confinement.readonly_paths = default_readonly_paths();
  for (const std::string& host : default_hosts()) {
    fields.egress.allow.push_back(HostEntry{HostPattern{host, false}, k_https_port});
  }
  fields.agent = *find_builtin_agent("codex");
  fields.image.base = default_base_image();
  fields.name = "default";
  return fields;
}

} // namespace agentbox::policy
