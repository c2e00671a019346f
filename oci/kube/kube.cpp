// SPDX-License-Identifier: Apache-2.0
#include "oci/kube/kube.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "oci/kube/kube_parts.hpp"
#include "oci/pod/manifest.hpp"
#include "oci/pod/yaml.hpp"
#include "protocol/protocol.hpp"
#include "support/command.hpp"
#include "support/text.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::ordered_json;

constexpr const char* k_pod_file = "pod.yaml";

ordered_json security_context(const PodContainer& container) {
  ordered_json capabilities = {{"drop", {"ALL"}}};
  if (!container.capabilities.empty()) {
    capabilities["add"] = container.capabilities;
  }
  ordered_json result = {{"runAsUser", container.user.uid},
                         {"runAsGroup", container.user.gid},
                         {"allowPrivilegeEscalation", false},
                         {"capabilities", std::move(capabilities)}};
  if (container.read_only_root) {
    result["readOnlyRootFilesystem"] = true;
  }
  if (!container.selinux_level.empty()) {
    result["seLinuxOptions"] = {{"level", container.selinux_level}};
  }
  return result;
}

ordered_json port_list(const std::vector<policy::PublishedPort>& ports) {
  ordered_json result = ordered_json::array();
  for (const auto& [address, host_port, box_port] : ports) {
    result.push_back({{"containerPort", box_port}, {"hostPort", host_port}, {"hostIP", address}});
  }
  return result;
}

void require_plain_words(const policy::PolicyFields& fields, const Pod& pod) {
  const auto check = [&](const std::vector<std::string>& words, std::string_view field) {
    for (const std::string& word : words) {
      if (changed_by_expansion(word, pod.agent.env)) {
        throw cannot_express(OutputFormat::kube, field, support::in_quotes(word), k_when_expanded);
      }
      if (damaged_by_podman(word)) {
        throw cannot_express(OutputFormat::kube, field, support::in_quotes(word), k_when_indented);
      }
    }
  };
  for (const auto& [variables, field] : {std::pair(&fields.env, "env"), std::pair(&fields.agent.env, "agent.env")}) {
    for (const auto& [name, value] : *variables) {
      if (damaged_by_podman(value)) {
        throw cannot_express(OutputFormat::kube, field, name, k_when_indented);
      }
    }
  }
  check(fields.run.arguments, "run.arguments");
  switch (fields.run.kind) {
  case policy::Run::Kind::agent: check(fields.agent.command, "agent.command"); return;
  case policy::Run::Kind::prompt:
    check(fields.agent.prompt, "agent.prompt");
    check({fields.run.prompt}, "run.prompt");
    return;
  case policy::Run::Kind::command: check(fields.run.command, "run.command"); return;
  }
}

ordered_json container(const Pod& pod, const PodContainer& from, const KubeVolumes& volumes) {
  ordered_json result = {{"name", from.name},
                         {"image", from.image},
                         {"imagePullPolicy", "IfNotPresent"},
                         {"command", {from.argv.front()}},
                         {"args", std::vector<std::string>(from.argv.begin() + 1, from.argv.end())},
                         {"workingDir", from.working_dir}};
  if (from.terminal) {
    result["tty"] = true;
    result["stdin"] = true;
  }
  result["securityContext"] = security_context(from);
  if (const ordered_json limits = limit_list(from); !limits.empty()) {
    result["resources"] = {{"limits", limits}};
  }
  if (&from == &pod.agent && !pod.ports.empty()) {
    result["ports"] = port_list(pod.ports);
  }
  result["env"] = env_list(from, pod.name);
  result["volumeMounts"] = volumes.mounts(from);
  return result;
}

ordered_json annotations(const Pod& pod, const policy::PolicyFields& fields) {
  ordered_json result = string_map(pod.annotations);
  result["io.podman.annotations.userns"] = keep_id(fields.user);
  result["io.podman.annotations.init.container.type"] = "always"; // a restarted pod is locked again
  for (const PodContainer* one : {pod.lock ? &*pod.lock : nullptr, &pod.firewall, &pod.agent}) {
    if (one != nullptr) {
      result["container.seccomp.security.alpha.kubernetes.io/" + one->name] = "localhost/" + one->seccomp_file;
    }
  }
  return result;
}

std::map<std::string, std::string> comments(const policy::PolicyFields& fields) {
  const bool filtered = fields.egress.mode == policy::NetworkMode::filtered;
  const char* locked =
      "Runs to completion before anything else starts: loads the default-deny ruleset. From here on nothing\n"
      "leaves this network namespace, whatever fails later.";
  const char* serves =
      "Answers DNS on 127.0.0.1 and lets connections to the listed hosts through. The only container with\n"
      "capabilities; it sees neither the project nor the agent's processes.";
  return {
      {"/metadata/annotations",
       "For Podman. A version that ignores them gets --userns and --seccomp-profile-root, see above."},
      {"/spec/restartPolicy", "A box that has ended is not restarted."},
      {"/spec/initContainers", locked},
      {"/spec/containers/0",
       filtered ? serves : "THE NETWORK IS NOT FILTERED (--full-network): this does nothing but wait."},
      {"/spec/containers/1",
       "The agent: no capabilities, no new privileges, not root. agent-entrypoint checks that, and that the\n"
       "firewall with the nonce AGENTBOX_GATE answers and its ruleset refuses, before it starts anything."},
  };
}

/// Returns the command that puts the values into Podman's store, in the form that every version reads: JSON, each value
/// in base64. (4.3.1 cannot use a Secret that its own kube play has stored.) No value is in an argv or in a shell's
/// history.
std::string secret_command(const Pod& pod) {
  std::string names;
  std::string values;
  for (const Variable& variable : pod.agent.env) {
    if (variable.secret) {
      names += fmt::format(R"({}"{}":"%s")", names.empty() ? "" : ",", variable.name);
      values += " \"$(base64 -w0 <FILE)\"";
    }
  }
  return fmt::format("printf '{{{}}}'{} | podman secret create {}-env -", names, values, pod.name);
}

std::string header(const Pod& pod, const policy::PolicyFields& fields, const PodFacts& facts) {
  const std::string file = facts.directory / k_pod_file;
  std::string text = fmt::format(
      "Box \"{}\" for Podman 4.3 and newer, rootless. agentbox is not needed to run it; the two images are.\n\n"
      "Start:   {}\n"
      "Enter:   {}\n"
      "Look:    podman pod ps; podman logs {}-firewall\n"
      "Stop:    podman kube down {}\n",
      fields.name, support::shell_quote(kube_play(fields, facts)),
      pod.agent.terminal ? "podman attach " + pod.name + "-agent      (leave it running: Ctrl-P Ctrl-Q)"
                         : "podman logs -f " + pod.name + "-agent",
      pod.name, support::shell_quote({file}));
  text += fmt::format(
      "Remove:  podman volume rm {}\n"
      "         (after each stop: Podman 4.3 does not start with existing volumes)\n"
      "On Podman 5 only the container's memory limit bounds /tmp and /run: it mounts its own tmpfs there.\n",
      support::join(volume_names(pod), " "));
  if (needs_secret(pod)) {
    text +=
        fmt::format("\nSecret:  {}\n"
                    "         (before the first start; each FILE contains a value and is outside of every project)\n",
                    secret_command(pod));
  }
  text += facts.host.selinux
              ? fmt::format(
                    "\nSELinux: agentbox labelled the project and this directory when it wrote them. For files moved\n"
                    "         into the project later: {}\n",
                    label_command(facts.host.selinux->project_level))
              : "\nOn SELinux systems the project needs a container label, set once: " + label_command("") + "\n";
  return text;
}

/// Adds the comments on volumes and mounts.
void add_volume_comments(const Pod& pod, std::map<std::string, std::string>& comments) {
  for (std::size_t i = 0; i < pod.agent.mounts.size(); ++i) {
    const VolumeMount& mount = pod.agent.mounts[i];
    const auto volume = std::find_if(pod.volumes.begin(), pod.volumes.end(),
                                     [&](const Volume& candidate) { return candidate.name == mount.volume; });
    const bool whole = mount.sub_path.empty() && volume != pod.volumes.end();
    if (const std::string& words = whole ? volume->comment : mount.comment; !words.empty()) {
      comments["/spec/containers/1/volumeMounts/" + std::to_string(i)] = words;
    }
  }
}

YamlDocument pod_document(const Pod& pod, const policy::PolicyFields& fields, const KubeVolumes& volumes) {
  ordered_json spec = {{"hostname", pod.hostname}, {"restartPolicy", "Never"}};
  if (pod.lock) {
    spec["initContainers"] = ordered_json::array({container(pod, *pod.lock, volumes)});
  }
  spec["containers"] = ordered_json::array({container(pod, pod.firewall, volumes), container(pod, pod.agent, volumes)});
  spec["volumes"] = volumes.list();
  YamlDocument document{
      {{"apiVersion", "v1"},
       {"kind", "Pod"},
       {"metadata",
        {{"name", pod.name}, {"labels", string_map(pod.labels)}, {"annotations", annotations(pod, fields)}}},
       {"spec", std::move(spec)}},
      comments(fields)};
  add_volume_comments(pod, document.comments);
  return document;
}

} // namespace

std::string keep_id(const policy::User& user) {
  return fmt::format("keep-id:uid={},gid={}", user.uid, user.gid);
}

std::vector<std::string> kube_play(const policy::PolicyFields& fields, const PodFacts& facts) {
  return {"podman",
          "kube",
          "play",
          "--userns",
          keep_id(fields.user),
          "--network",
          "private", // pasta or slirp4netns, whichever this Podman uses: no bridge, no DNS of Podman's
          "--seccomp-profile-root",
          facts.directory,
          facts.directory / k_pod_file};
}

GeneratedSet render_kube(const policy::Policy& policy, const PodFacts& facts) {
  const Pod pod = make_pod(policy, facts, OutputFormat::kube);
  require_plain_words(policy.fields(), pod);
  const KubeVolumes volumes(pod, facts.host);
  std::vector<YamlDocument> documents = volumes.documents(pod);
  documents.push_back(pod_document(pod, policy.fields(), volumes));
  GeneratedSet set = {{k_pod_file, yaml_text(header(pod, policy.fields(), facts), documents)},
                      {protocol::k_hosts, pod.hosts}};
  if (!pod.resolv_conf.empty()) {
    set.push_back({protocol::k_resolv_conf, pod.resolv_conf});
  }
  if (masks_any(facts.host)) {
    set.push_back({protocol::k_empty, ""});
  }
  if (facts.host.selinux && policy.fields().ca_bundle) {
    set.push_back({k_ca_copy, facts.ca_bundle});
  }
  for (const auto& [file, text] : pod.seccomp) {
    set.push_back({file, text});
  }
  return set;
}

} // namespace agentbox::oci
