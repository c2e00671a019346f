// SPDX-License-Identifier: Apache-2.0
#include "oci/pod/output_format.hpp"

#include <algorithm>

#include "support/text.hpp"

namespace agentbox::oci {

std::string_view format_text(OutputFormat format) {
  switch (format) {
  case OutputFormat::oci: return "oci";
  case OutputFormat::kube: return "kube";
  case OutputFormat::quadlet: return "quadlet";
  case OutputFormat::kubernetes: return "kubernetes";
  }
  return {};
}

const std::vector<CannotExpress>& cannot_express_table() {
  constexpr std::string_view k_secret = "a variable named like a credential";
  constexpr std::string_view k_more = "a path that is not in the default contract";
  constexpr std::string_view k_colon = "a path in the box with ':'";
  constexpr std::string_view k_split = "Podman splits mountPath at ':'";
  constexpr std::string_view k_no_colon = "Kubernetes does not accept ':' in mountPath";
  constexpr std::string_view k_rename = "choose another path in the box";
  constexpr std::string_view k_rename_or_leave = "rename it, or remove it from the list of protected paths";
  constexpr std::string_view k_dash = "a name that ends with '-'";
  constexpr std::string_view k_no_dash = "Kubernetes names end with a letter or a digit";
  constexpr std::string_view k_expansion = k_when_expanded;
  constexpr std::string_view k_expands = "Podman 5 would replace it and Podman 4 would not";
  constexpr std::string_view k_rewrite = "write it differently, for example in a script in the workspace";
  constexpr std::string_view k_indented = k_when_indented;
  constexpr std::string_view k_damages = "Podman rewrites the YAML before it reads it, and damages such a string";
  constexpr std::string_view k_begin = "begin it with a word";
  constexpr std::string_view k_loopback = "it would open the loopback interface of whichever machine runs it";
  constexpr std::string_view k_by_name = "list the service's own host or address instead, or use: agentbox run";
  static const std::vector<CannotExpress> table = {
      {OutputFormat::oci, "ports", "any", "a bundle has no port forwarder",
       "leave out -p, or use: agentbox run, generate kube"},
      {OutputFormat::oci, "egress.host_ports", "any", k_loopback, k_by_name},
      {OutputFormat::oci, "env", k_secret, "config.json would contain its value in plain text",
       "pass it to agentbox run --env instead"},
      {OutputFormat::oci, "agent.env", k_secret, "config.json would contain its value in plain text",
       "leave it out of [agents.NAME] env"},

      {OutputFormat::kube, "confinement.readonly_paths", k_more, "podman kube play has no field for read-only paths",
       "use: agentbox run, or generate oci"},
      {OutputFormat::kube, "egress.host_ports", "any", k_loopback, k_by_name},
      {OutputFormat::kube, "workspace.destination", k_colon, k_split, k_rename},
      {OutputFormat::kube, "workspace.protect", k_colon, k_split, k_rename_or_leave},
      {OutputFormat::kube, "mounts", k_colon, k_split, k_rename},
      {OutputFormat::kube, "name", k_dash, k_no_dash, "choose another --name"},
      {OutputFormat::kube, "run.prompt", k_expansion, k_expands, k_rewrite},
      {OutputFormat::kube, "run.command", k_expansion, k_expands, k_rewrite},
      {OutputFormat::kube, "run.arguments", k_expansion, k_expands, k_rewrite},
      {OutputFormat::kube, "agent.command", k_expansion, k_expands, k_rewrite},
      {OutputFormat::kube, "agent.prompt", k_expansion, k_expands, k_rewrite},
      {OutputFormat::kube, "run.prompt", k_indented, k_damages, k_begin},
      {OutputFormat::kube, "run.command", k_indented, k_damages, k_begin},
      {OutputFormat::kube, "run.arguments", k_indented, k_damages, k_begin},
      {OutputFormat::kube, "agent.command", k_indented, k_damages, k_begin},
      {OutputFormat::kube, "agent.prompt", k_indented, k_damages, k_begin},
      {OutputFormat::kube, "env", k_indented, k_damages, k_begin},
      {OutputFormat::kube, "agent.env", k_indented, k_damages, k_begin},

      {OutputFormat::kubernetes, "workspace.source", "without --workspace-claim, --git or --workspace-host-path",
       "the workspace is a directory of this host, which a cluster cannot see",
       "add --workspace-claim NAME (a PersistentVolumeClaim) or --git URL"},
      {OutputFormat::kubernetes, "workspace.destination", k_colon, k_no_colon, k_rename},
      {OutputFormat::kubernetes, "workspace.protect", k_colon, k_no_colon, k_rename_or_leave},
      {OutputFormat::kubernetes, "mounts", "any", "a host path breaks the restricted Pod Security Standard",
       "put the files into the image, the workspace's volume or a Secret, and leave out --mount and --auth"},
      {OutputFormat::kubernetes, "egress.host_ports", "any", k_loopback, k_by_name},
      {OutputFormat::kubernetes, "ports", "any", "a host port breaks the restricted Pod Security Standard",
       "leave out -p; use: kubectl port-forward"},
      {OutputFormat::kubernetes, "confinement.masked_paths", k_more, "procMount only has the runtime's own list", ""},
      {OutputFormat::kubernetes, "confinement.readonly_paths", k_more, "procMount only has the runtime's own list", ""},
      {OutputFormat::kubernetes, "name", k_dash, k_no_dash, "choose another --name"},
  };
  return table;
}

support::Error cannot_express(OutputFormat format, std::string_view field, const std::string& detail,
                              std::string_view when) {
  // A Quadlet set is pod YAML and a unit that plays it, so it has the same limits.
  const OutputFormat looked_up = format == OutputFormat::quadlet ? OutputFormat::kube : format;
  const auto& table = cannot_express_table();
  const auto found = std::find_if(table.begin(), table.end(), [&](const CannotExpress& entry) {
    return entry.format == looked_up && entry.field == field && (when.empty() || entry.when == when);
  });
  if (found == table.end()) {
    return {support::ExitCode::failed, "internal error: " + std::string(field) + " is not in the table of what " +
                                           std::string(format_text(format)) + " cannot express"};
  }
  return {support::ExitCode::refused,
          std::string(format_text(format)) + " cannot express " + std::string(field) +
              (detail.empty() ? "" : " (" + support::escape_untrusted(detail) + ")") + ": " +
              std::string(found->reason),
          std::string(found->hint)};
}

} // namespace agentbox::oci
