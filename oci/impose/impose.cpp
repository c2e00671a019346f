// SPDX-License-Identifier: Apache-2.0
#include "oci/impose/impose.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "oci/impose/impose_parts.hpp"
#include "protocol/protocol.hpp"
#include "support/ascii.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::json;
using support::in_quotes;

constexpr const char* k_sandbox_annotation = "io.kubernetes.cri-o.SandboxID";

/// Prefixes of annotations that make a runtime weaken a container: run.oci.seccomp_bpf_data replaces its filter,
/// run.oci.keep_original_groups its groups, module.wasm.* and run.oci.handler its program. They can come from an
/// image's manifest (Podman before 4.6 passes those on).
constexpr std::array<std::string_view, 3> k_runtime_annotations = {"run.oci.", "module.", "org.systemd.property."};

/// Podman's own annotations, kept for `podman inspect` and its cleanup. The OCI runtime ignores them.
constexpr std::array<std::string_view, 8> k_podman_annotations = {
    "io.container.manager",        "io.kubernetes.cri-o.ContainerType",
    "io.kubernetes.cri-o.Created", "io.kubernetes.cri-o.SandboxID",
    "io.kubernetes.cri-o.TTY",     "io.podman.annotations.autoremove",
    "io.podman.annotations.init",  "org.opencontainers.image.stopSignal"};

// Podman 5 itself sets these systemd properties, which control how a container is stopped.
bool is_podmans_systemd_property(const std::string& name, std::string_view value) {
  constexpr std::string_view k_type = "uint64 ";
  return (name == "org.systemd.property.KillSignal" && support::is_digits(value)) ||
         (name == "org.systemd.property.TimeoutStopUSec" && value.starts_with(k_type) &&
          support::is_digits(value.substr(k_type.size())));
}

json imposed_annotations(const json& podman, const json& ours) {
  json result = ours.value("annotations", json::object());
  result.erase(protocol::k_sources_annotation); // the hook has read it
  const json annotations = podman.value("annotations", json::object());
  for (const auto& [name, value] : annotations.items()) {
    const std::string& key = name;
    const auto text = value.get<std::string>();
    if (is_podmans_systemd_property(key, text)) {
      result[key] = text;
      continue;
    }
    if (std::any_of(k_runtime_annotations.begin(), k_runtime_annotations.end(),
                    [&](std::string_view prefix) { return key.starts_with(prefix); })) {
      throw unexpected("the annotation " + in_quotes(key) + " would change how the OCI runtime confines the container",
                       "no such annotation from the image or containers.conf");
    }
    if (support::contains(k_podman_annotations, key)) {
      result[key] = text;
    }
  }
  return result;
}

void require_same_host_name(const json& podman, const json& ours) {
  if (text_at(podman, "hostname") != text_at(ours, "hostname")) {
    throw unexpected("the host name is " + in_quotes(text_at(podman, "hostname")),
                     in_quotes(text_at(ours, "hostname")));
  }
}

/// Lets agent-entrypoint accept mounts over paths that only Podman masks.
void expect_masks_of_podman(const json& ours, json& result) {
  std::string lines;
  for (const char* key : {"maskedPaths", "readonlyPaths"}) {
    for (const json& path : result.at("linux").value(key, json::array())) {
      const json known = ours.at("linux").value(key, json::array());
      const auto& text = path.get_ref<const std::string&>();
      if (std::find(known.begin(), known.end(), path) == known.end() &&
          text.find_first_of(" \t\n\\") == std::string::npos) {
        lines += "o - " + text + "\n";
      }
    }
  }
  for (json& variable : result.at("process").at("env")) {
    if (const auto text = variable.get<std::string>();
        text.starts_with(protocol::k_mounts_variable + std::string("="))) {
      variable = text + lines;
    }
  }
}

json imposed(const json& podman, const json& ours, Role role) {
  require_known_keys(podman, {"ociVersion", "process", "root", "hostname", "mounts", "annotations", "linux"}, "config");
  require_same_host_name(podman, ours);
  const json& root = podman.at("root");
  require_known_keys(root, {"path", "readonly"}, "root");
  if (!text_at(root, "path").starts_with('/')) {
    throw unexpected("root.path is " + in_quotes(text_at(root, "path")), "an absolute path");
  }
  json result = ours;
  result["ociVersion"] = podman.at("ociVersion");
  result["root"]["path"] = root.at("path");
  result["annotations"] = imposed_annotations(podman, ours);
  impose_process(podman.at("process"), result.at("process"));
  impose_linux(podman.at("linux"), result.at("linux"), role);
  expect_masks_of_podman(ours, result);
  impose_mounts(podman.value("mounts", json::array()), result.at("mounts"));
  return result;
}

} // namespace

support::Error unexpected(const std::string& what, const std::string& expected) {
  return {support::ExitCode::refused, "Podman's container config is not as expected: " + what,
          "expected: " + expected + "; check containers.conf and the image"};
}

void require_same_label(const json& podman, const json& result, const char* key) {
  const std::string ours = text_at(result, key);
  const std::string found = text_at(podman, key);
  if (!ours.empty() && found != ours) {
    throw unexpected("its SELinux label (" + std::string(key) + ") is " + support::in_quotes(found),
                     support::in_quotes(ours));
  }
}

void require_known_keys(const json& object, std::initializer_list<std::string_view> known, const std::string& where) {
  if (!object.is_object()) {
    throw unexpected(where + " is not an object", "an OCI runtime configuration");
  }
  for (const auto& [key, value] : object.items()) {
    const bool empty = value.is_null() || (value.is_structured() && value.empty());
    if (!empty && !support::contains(known, key)) {
      throw unexpected(where + " has " + in_quotes(key), "no such key");
    }
  }
}

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? std::string() : found->get<std::string>();
}

Role decide_role(const json& podman, const json& firewall) {
  try {
    const json annotations = podman.value("annotations", json::object());
    const std::string role = text_at(annotations, protocol::k_role_annotation);
    const bool in_pod = !text_at(annotations, k_sandbox_annotation).empty();
    if (role == protocol::k_agent_role && in_pod) {
      return Role::agent;
    }
    const json& args = podman.at("process").at("args");
    const bool infra = !in_pod && text_at(podman, "hostname") == text_at(firewall, "hostname");
    if (role.empty() && infra && !args.empty() && args.front() == protocol::k_firewall_program) {
      return Role::firewall;
    }
  } catch (const json::exception& error) {
    throw unexpected(std::string("it cannot be read: ") + support::escape_untrusted(error.what()),
                     "an OCI runtime configuration");
  }
  throw unexpected("it is neither the agent's container nor the firewall's",
                   std::string("the annotation ") + protocol::k_role_annotation +
                       "=agent in a pod, or the pod's infra container " + "named " +
                       in_quotes(text_at(firewall, "hostname")) + " that starts " + protocol::k_firewall_program);
}

json impose(const json& podman, const json& ours, Role role) {
  try {
    return imposed(podman, ours, role);
  } catch (const json::exception& error) {
    throw unexpected(std::string("it cannot be read: ") + support::escape_untrusted(error.what()),
                     "an OCI runtime configuration");
  }
}

} // namespace agentbox::oci
