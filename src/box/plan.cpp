// SPDX-License-Identifier: Apache-2.0
#include "box/plan.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "box/podman_argv.hpp"
#include "oci/box_file.hpp"
#include "oci/command_lines.hpp"
#include "oci/impose/env_values.hpp"
#include "oci/runtime_config.hpp"
#include "policy/egress_json.hpp"
#include "support/text.hpp"

namespace agentbox::box {
namespace {

std::string hosts_file(const policy::PolicyFields& fields) {
  return "127.0.0.1 localhost " + fields.hostname + "\n::1 localhost " + fields.hostname + "\n";
}

constexpr std::size_t k_max_shown_command = 1024;

boxes::SessionRecord record_of(const policy::PolicyFields& fields, const Host& host) {
  boxes::SessionRecord record;
  record.name = fields.name;
  record.pod = boxes::pod_name(fields.name);
  record.workspace = fields.workspace.source.string();
  record.agent = fields.agent.name;
  record.command = // for display: the start is enough, and a record has a limited size
      (fields.run.kind == policy::Run::Kind::command ? support::join(fields.run.command, " ") : fields.agent.name)
          .substr(0, k_max_shown_command);
  record.pid = host.launcher;
  record.started = host.started;
  record.agent_image = host.images.agent;
  record.firewall_image = host.images.firewall;
  record.full_network = fields.egress.mode == policy::NetworkMode::full;
  for (const policy::Mount& mount : fields.mounts) {
    record.home = mount.reason == policy::k_home_reason ? mount.source.string() : record.home;
  }
  if (host.labels) {
    record.level = host.labels->contexts.project.level;
    for (const selinux::Relabelling& one : host.labels->user_paths) {
      if (one.label.level == record.level) { // not a login's
        record.labelled.push_back(one.path.string());
      }
    }
  }
  return record;
}

/// Adds the step that labels what the firewall writes: before it is filled, so that files made in it inherit the label.
void label_for_firewall(const std::filesystem::path& path, bool tree, const Host& host, std::vector<Step>& steps) {
  if (host.labels) {
    const selinux::BoxContexts& contexts = host.labels->contexts;
    steps.emplace_back(LabelPaths{{{path, selinux::label_of(contexts.firewall_files), tree}}, contexts.firewall});
  }
}

std::vector<Step> session_files(const policy::Policy& policy, const Host& host) {
  const policy::PolicyFields& fields = policy.fields();
  const boxes::SessionPaths& paths = host.paths;
  std::vector<Step> steps = {MakeDirectory{paths.hooks()}, MakeDirectory{paths.run()}};
  label_for_firewall(paths.run(), false, host, steps);
  const selinux::BoxContexts contexts = host.labels ? host.labels->contexts : selinux::BoxContexts();
  LabelPaths mounted{{}, contexts.agent};
  const auto write_mounted = [&](WriteFile file) {
    mounted.paths.push_back({file.path, selinux::label_of(contexts.read_only)});
    steps.emplace_back(std::move(file));
  };
  steps.emplace_back(WriteFile{paths.hook_file(), hook_file(host.installation, paths)});
  steps.emplace_back(MakeDirectory{paths.box()});
  mounted.paths.push_back({paths.box(), selinux::label_of(contexts.read_only)});
  write_mounted({paths.box_file(), oci::box_file(fields, {}), 0644});
  for (const auto& [name, text] : host.oci.box_files) {
    write_mounted({paths.box() / name, text, 0644});
  }
  write_mounted({paths.egress(), policy::to_json(fields.egress)});
  write_mounted({paths.hosts(), hosts_file(fields), 0644});
  if (host.oci.leash) {
    steps.emplace_back(HoldLeash{paths.leash()});
  }
  if (oci::masks_any(host.oci)) {
    write_mounted({paths.empty(), "", 0444});
  }
  for (const auto& [path, cleaned] : host.oci.cleaned) {
    write_mounted({cleaned.file, cleaned.text, 0444});
  }
  if (host.oci.ca_copy) {
    write_mounted({*host.oci.ca_copy, host.ca_bundle, 0444});
  }
  if (host.oci.resolv_conf) {
    write_mounted({paths.resolv_conf(), "nameserver 127.0.0.1\noptions timeout:2 attempts:2\n", 0644});
  }
  if (!host.name_servers.empty() && fields.egress.mode == policy::NetworkMode::filtered) {
    steps.emplace_back(WriteFile{paths.host_resolv_conf(), host.name_servers});
  }
  steps.emplace_back(WriteFile{paths.firewall_config(), oci::config_text(oci::render_firewall(policy, host.oci))});
  nlohmann::json agent = oci::render_agent(policy, host.oci);
  if (!fields.env.empty()) { // they may be secrets
    oci::remove_env_values(agent, fields.env);
    steps.emplace_back(ServeFifo{paths.agent_env(), nlohmann::json(fields.env).dump()});
  }
  steps.emplace_back(WriteFile{paths.agent_config(), oci::config_text(agent)});
  if (host.labels) {
    steps.emplace_back(std::move(mounted));
    steps.emplace_back(LabelPaths{host.labels->own_paths, contexts.agent});
    steps.emplace_back(LabelPaths{host.labels->user_paths, contexts.agent, true});
  }
  return steps;
}

constexpr const char* k_remove = "remove the pod";

support::Command remove_pod(const podman::Podman& podman, const std::vector<std::string>& which) {
  std::vector<std::string> words = {"pod", "rm", "--force", "--time", "0", "--ignore"};
  words.insert(words.end(), which.begin(), which.end());
  support::Command remove = podman.command(words);
  remove.own_session = true; // a Ctrl-C must not interrupt it
  return remove;
}

} // namespace

std::string hook_file(const podman::Installation& installation, const boxes::SessionPaths& paths) {
  const std::string program = installation.hook().string();
  const nlohmann::json document = {{"version", "1.0.0"},
                                   {"hook", {{"path", program}, {"args", {program, paths.directory.string()}}}},
                                   {"when", {{"always", true}}},
                                   {"stages", {"precreate"}}};
  return document.dump(2) + "\n";
}

Plan make_plan(const policy::Policy& policy, const Host& host) {
  const policy::PolicyFields& fields = policy.fields();
  const char* const create = "create the pod";
  Plan plan{fields.name, host.paths, {}, make_teardown(fields.name, host.paths, host.podman)};
  if (host.oci.maps_loopback) {
    plan.host_address = protocol::k_mapped_loopback;
  }
  // The record comes first: with it another call can clean up. Files are written while Podman makes the pod.
  plan.steps.emplace_back(WriteFile{host.paths.record(), boxes::to_json(record_of(fields, host))});
  plan.steps.emplace_back(MakeDirectory{host.audit, true});
  label_for_firewall(host.audit, true, host, plan.steps);
  plan.steps.emplace_back(Start{create, host.podman.command(pod_create_arguments(fields, host))});
  for (Step& step : session_files(policy, host)) {
    plan.steps.push_back(std::move(step));
  }
  plan.steps.emplace_back(MakeFifo{host.paths.pod_name_fifo()});
  plan.steps.emplace_back(Attach{host.podman.command(agent_run_arguments(fields, host)), host.oci.terminal,
                                 Gate{create, host.paths.pod_name_fifo(), boxes::pod_name(fields.name) + "\n"},
                                 Standby{k_remove, remove_pod(host.podman, {"--pod-id-file", "/dev/stdin"}), create},
                                 host.oci.leash});
  return plan;
}

std::vector<TeardownStep> make_teardown(const std::string& name, const boxes::SessionPaths& paths,
                                        const podman::Podman& podman) {
  return {StopFirewall{paths.firewall_pid()},
          Remove{k_remove, remove_pod(podman, {boxes::pod_name(name)}), paths.pod_id()}, RemoveDirectory{paths}};
}

} // namespace agentbox::box
