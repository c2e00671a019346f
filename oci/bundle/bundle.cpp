// SPDX-License-Identifier: Apache-2.0
#include "oci/bundle/bundle.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "oci/command_lines.hpp"
#include "oci/runtime_config.hpp"
#include "oci/sealed_file.hpp"
#include "policy/egress_json.hpp"
#include "policy/env_names.hpp"
#include "support/command.hpp"
#include "support/text.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::json;

// slirp4netns answers DNS here by default, pasta when told to.
constexpr const char* k_upstream_resolver = "10.0.2.3";

void refuse_secrets(const policy::PolicyFields& fields) {
  for (const auto& [variables, field] : {std::pair(&fields.env, "env"), std::pair(&fields.agent.env, "agent.env")}) {
    for (const auto& [name, value] : *variables) {
      if (policy::looks_like_secret(name)) {
        throw cannot_express(OutputFormat::oci, field, name);
      }
    }
  }
}

/// Returns the facts as seen from a bundle: paths relative to config.json, namespaces through descriptor 3.
HostFacts bundle_facts(const HostFacts& host) {
  HostFacts result = host;
  result.agent_rootfs = "rootfs";
  result.firewall_rootfs = "rootfs";
  result.egress_json = std::string("../") + protocol::k_egress;
  result.hosts = std::string("../") + protocol::k_hosts;
  result.empty_file = std::string("../") + protocol::k_empty;
  result.box_directory.reset(); // nothing would keep the file in it up to date
  result.run_directory = std::string("../") + protocol::k_run_directory;
  if (host.selinux) { // the user's own file keeps its label
    result.ca_copy = std::string("../") + k_ca_copy;
  }
  if (result.resolv_conf) {
    result.resolv_conf = std::string("../") + protocol::k_resolv_conf;
  }
  result.network_namespace = "/proc/self/fd/3/ns/net";
  result.user_namespace = "/proc/self/fd/3/ns/user";
  return result;
}

json agent_config(const policy::Policy& policy, const HostFacts& facts) {
  json config = render_agent(policy, facts);
  json& annotations = config["annotations"];
  annotations.erase(protocol::k_sources_annotation); // for the hook
  // For readers; nothing depends on them.
  for (const auto& [name, value] : describe(policy.fields())) {
    annotations[name] = value;
  }
  for (const policy::Mount& mount : policy.fields().mounts) {
    annotations["org.agentbox.asked-for." + mount.destination] = request_text(mount);
  }
  config["linux"].erase("uidMappings"); // it joins a namespace that has them
  config["linux"].erase("gidMappings");
  if (!facts.resolv_conf) { // --full-network: Podman's in `agentbox run`
    config["mounts"].push_back(sealed_file("/etc/resolv.conf", "../upstream-resolv.conf"));
  }
  return config;
}

json firewall_config(const policy::Policy& policy, const HostFacts& facts) {
  json config = render_firewall(policy, facts);
  config["mounts"].push_back(sealed_file("/etc/resolv.conf", "../upstream-resolv.conf"));
  return config;
}

std::string start_script(const policy::PolicyFields& fields, const PodFacts& facts) {
  constexpr const char* k_script = R"sh(#!/bin/sh
# Box "{name}" from its two OCI bundles: needs crun, newuidmap, and pasta or slirp4netns, but not agentbox or Podman.
# Everything that confines the agent is in agent/config.json; this only starts the two containers in order.{selinux}
set -eu
cd "$(dirname "$0")"
mkdir -p {run} {audit}
rm -f {ready} {failed} {uplink_pid}

# 1. The firewall: makes the user and network namespaces, and closes the network before it is connected.
crun run --detach --bundle firewall --pid-file "$PWD/{firewall_pid}" {pod}-firewall
# shellcheck disable=SC2317  # called by the trap
end() {{
  crun delete --force {pod}-firewall
  if test -s {uplink_pid}; then kill "$(cat {uplink_pid})" 2>/dev/null || true; fi
}}
trap end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
pid=$(cat {firewall_pid})
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  test -e {ready} && break
  test -e {failed} && cat {failed} >&2 && exit 125
  sleep 0.1
done
test -e {ready} || {{ echo "the firewall is not ready" >&2; exit 125; }}

# 2. The uplink, for the firewall.
if command -v pasta >/dev/null; then
  pasta --quiet --config-net --no-netns-quit --no-map-gw --dns-forward {resolver} --pid {uplink_pid} "$pid" 2>{uplink_log}
else
  slirp4netns --configure --mtu=65520 --disable-host-loopback "$pid" tap0 >{uplink_log} 2>&1 &
  echo "$!" >{uplink_pid}
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    grep -q '^tap0.00000000' "/proc/$pid/net/route" && break  # its default route
    sleep 0.1
  done
fi

# 3. The agent, in the firewall's namespaces: descriptor 3 is where config.json finds them.
status=0
crun run --bundle agent {pod}-agent 3<"/proc/$pid" || status=$?
exit "$status"
)sh";
  const std::string selinux =
      facts.host.selinux
          ? fmt::format("\n# SELinux: agentbox labelled the project and this directory when it wrote them. "
                        "For files moved\n# into the project later: {}",
                        label_command(facts.host.selinux->project_level))
          : "";
  return fmt::format(k_script, fmt::arg("selinux", selinux), fmt::arg("name", fields.name),
                     fmt::arg("pod", pod_name(fields)), fmt::arg("resolver", k_upstream_resolver),
                     fmt::arg("run", protocol::k_run_directory), fmt::arg("ready", protocol::k_run_ready),
                     fmt::arg("failed", protocol::k_run_failed), fmt::arg("firewall_pid", protocol::k_firewall_pid),
                     fmt::arg("uplink_pid", k_uplink_pid), fmt::arg("uplink_log", k_uplink_log),
                     fmt::arg("audit", support::shell_quote({facts.host.audit_directory.string()})));
}

} // namespace

GeneratedSet render_bundle(const policy::Policy& policy, const PodFacts& facts, BundleParts parts) {
  const policy::PolicyFields& fields = policy.fields();
  if (!fields.ports.empty()) {
    throw cannot_express(OutputFormat::oci, "ports");
  }
  if (!policy::reachable_host_ports(fields.egress).empty()) {
    throw cannot_express(OutputFormat::oci, "egress.host_ports");
  }
  refuse_secrets(fields);
  check_directory_names(facts);
  const HostFacts host = bundle_facts(facts.host);
  GeneratedSet set = {{"agent/config.json", config_text(agent_config(policy, host))},
                      {"firewall/config.json", config_text(firewall_config(policy, host))}};
  switch (parts) {
  case BundleParts::config_only: return set;
  case BundleParts::complete: break;
  }
  set.push_back({protocol::k_egress, policy::to_json(fields.egress)});
  set.push_back({protocol::k_hosts, agent_hosts(fields)});
  if (masks_any(host)) {
    set.push_back({protocol::k_empty, ""});
  }
  if (host.selinux && fields.ca_bundle) {
    set.push_back({k_ca_copy, facts.ca_bundle});
  }
  if (const std::string resolv_conf = agent_resolv_conf(fields); !resolv_conf.empty()) {
    set.push_back({protocol::k_resolv_conf, resolv_conf});
  }
  set.push_back({"upstream-resolv.conf", fmt::format("nameserver {}\n", k_upstream_resolver)});
  constexpr mode_t k_program = 0755;
  set.push_back({"start", start_script(fields, facts), k_program});
  return set;
}

} // namespace agentbox::oci
