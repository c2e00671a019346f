// SPDX-License-Identifier: Apache-2.0
#include "box/podman_argv.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "oci/command_lines.hpp"
#include "protocol/protocol.hpp"
#include "support/text.hpp"

namespace agentbox::box {
namespace {

using Words = std::vector<std::string>;

void append(Words& words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
}

std::string user_of(const policy::User& user) {
  return fmt::format("{}:{}", user.uid, user.gid);
}

/// Returns the value of --userns. Only the firewall of a build is root (build_firewall.hpp).
std::string userns_of(const policy::User& user) {
  return user.uid == 0 ? "host" : fmt::format("keep-id:uid={},gid={}", user.uid, user.gid);
}

/// Returns the value of --network. It is always given, because a containers.conf could set "host". Under slirp4netns
/// and older pasta the gateway maps to the host's loopback, only when ports of the host are allowed. A newer pasta
/// gives the loopback a separate address, which serves a resolver there too, and maps no gateway. The ruleset lets only
/// the firewall's own sockets through, to the ports and DNS.
std::string network_of(const podman::PodmanInfo& facts, const policy::EgressPolicy& egress) {
  const bool filtered = egress.mode == policy::NetworkMode::filtered;
  const bool loopback = filtered && !policy::reachable_host_ports(egress).empty();
  if (facts.network_program == "pasta") {
    if (facts.maps_loopback) {
      return filtered ? std::string("pasta:--map-host-loopback,") + protocol::k_mapped_loopback : "pasta";
    }
    return loopback ? "pasta:--map-gw" : "pasta";
  }
  return fmt::format("slirp4netns:allow_host_loopback={}", loopback);
}

/// Returns the flags for limits that have a cgroup controller here. The renderers refuse those that have none.
Words limit_flags(const policy::PolicyFields& fields, const oci::HostFacts& facts) {
  const policy::Limits& limits = fields.limits;
  Words flags;
  if (facts.delegated.pids) {
    append(flags, {"--pids-limit", std::to_string(limits.pids)});
  }
  if (facts.delegated.memory && limits.memory_bytes) {
    append(flags, {"--memory", std::to_string(*limits.memory_bytes)});
  }
  if (facts.delegated.cpu && limits.cpu_millis) {
    append(flags, {"--cpus", fmt::format("{}.{:03}", *limits.cpu_millis / 1000, *limits.cpu_millis % 1000)});
  }
  return flags;
}

/// Returns the flags that give a container its SELinux level. The firewall's and the agent's differ.
Words level_flags(const oci::HostFacts& facts, std::string oci::SelinuxLabels::*level) {
  const std::string text = facts.selinux ? (*facts.selinux).*level : "";
  return text.empty() ? Words() : Words{"--security-opt", "label=level:" + text};
}

} // namespace

Words pod_create_arguments(const policy::PolicyFields& fields, const Host& host) {
  const std::string& name = fields.name;
  Words words = {"pod",
                 "create",
                 "--name",
                 boxes::pod_name(name),
                 "--infra-name",
                 boxes::firewall_container(name),
                 "--pod-id-file",
                 host.paths.pod_id().string(),
                 "--infra-image",
                 host.images.firewall,
                 "--infra-command",
                 support::join(oci::firewall_argv(fields, host.oci), " "),
                 "--userns",
                 userns_of(fields.user),
                 "--share",
                 "net",
                 "--network",
                 network_of(host.facts, fields.egress),
                 "--exit-policy",
                 "continue",
                 "--label",
                 fmt::format("{}={}", protocol::k_box_annotation, name)};
  append(words, level_flags(host.oci, &oci::SelinuxLabels::firewall_level));
  for (const policy::PublishedPort& port : fields.ports) {
    append(words, {"-p", fmt::format("{}:{}:{}", port.address, port.host_port, port.box_port)});
  }
  return words;
}

Words agent_run_arguments(const policy::PolicyFields& fields, const Host& host) {
  const std::string& name = fields.name;
  const Words argv = oci::agent_argv(fields);
  Words words = {"--hooks-dir",
                 host.paths.hooks().string(),
                 "run",
                 host.oci.terminal ? "-it" : "-i",
                 "--pod-id-file", // accepts names too
                 host.paths.pod_name_fifo().string(),
                 "--name",
                 boxes::agent_container(name),
                 "--hostname",
                 fields.hostname,
                 "--user",
                 user_of(fields.user),
                 "--workdir",
                 fields.workspace.destination,
                 "--entrypoint",
                 nlohmann::json(Words{argv.front()}).dump(),
                 "--annotation",
                 fmt::format("{}=agent", protocol::k_role_annotation),
                 "--label",
                 fmt::format("{}={}", protocol::k_box_annotation, name),
                 "--pidfile",
                 host.paths.agent_pid().string(),
                 "--cap-drop",
                 "all",
                 "--security-opt",
                 "no-new-privileges",
                 "--ulimit",
                 fmt::format("nofile={0}:{0}", std::min(fields.limits.open_files, host.oci.open_files_hard)),
                 "--shm-size",
                 std::to_string(fields.limits.shm_bytes)};
  append(words, level_flags(host.oci, &oci::SelinuxLabels::agent_level));
  append(words, limit_flags(fields, host.oci));
  if (host.oci.leash) {
    words.emplace_back("--preserve-fds=1");
  }
  append(words, {"--image-volume", "ignore", "--no-healthcheck", "--pull", "never", "--http-proxy=false",
                 "--env-host=false", "--init=false", "--systemd=false", "--passwd=false", "--log-driver", "none",
                 "--restart", "no", "--detach-keys", "", "--sig-proxy=true", host.images.agent});
  words.insert(words.end(), argv.begin() + 1, argv.end());
  return words;
}

Words exec_arguments(const std::string& name, const Words& command, bool terminal) {
  Words words = {"exec",
                 terminal ? "-it" : "-i",
                 "--detach-keys",
                 "",
                 "--user",
                 user_of(policy::User{}),
                 boxes::agent_container(name),
                 protocol::k_entrypoint_program,
                 "join"};
  append(words, command);
  return words;
}

} // namespace agentbox::box
