// SPDX-License-Identifier: Apache-2.0
#include "oci/quadlet/quadlet.hpp"

#include <fmt/format.h>

#include "oci/command_lines.hpp"
#include "oci/kube/kube.hpp"
#include "oci/kube/kube_parts.hpp"
#include "support/command.hpp"
#include "support/error.hpp"

namespace agentbox::oci {
namespace {

/// Escapes a path for a systemd value that becomes part of a command: '%' begins a specifier, '$' a variable.
std::string specifier_free(const std::string& text) {
  std::string result;
  for (const char byte : text) {
    if (byte == '\n' || byte == '\r') {
      throw support::Error(support::ExitCode::usage, "a unit file cannot contain a path with a line break",
                           "choose another --output");
    }
    result += byte == '%' || byte == '$' ? std::string(2, byte) : std::string(1, byte);
  }
  return result;
}

/// Quotes one word of a value that systemd splits at spaces (systemd.syntax(7), "Quoting").
std::string word(const std::string& text) {
  std::string result = "\"";
  for (const char byte : specifier_free(text)) {
    if (byte == '"' || byte == '\\') {
      result += '\\';
    }
    result += byte;
  }
  return result + "\"";
}

std::string unit(const policy::PolicyFields& fields, const PodFacts& facts) {
  const std::string name = pod_name(fields);
  const std::string file = name + ".kube";
  const std::string source = facts.directory / file;
  return fmt::format("# Box \"{0}\" as a user service, for Podman 4.6 and newer. It plays pod.yaml; see there for what "
                     "each part guarantees.\n"
                     "#\n"
                     "# Install: mkdir -p ~/.config/containers/systemd && ln -s {1} ~/.config/containers/systemd/ &&\n"
                     "#          systemctl --user daemon-reload\n"
                     "# Start:   systemctl --user start {2}\n"
                     "# Enter:   podman attach {2}-agent      (leave it running: Ctrl-P Ctrl-Q)\n"
                     "# Stop:    systemctl --user stop {2}\n"
                     "# It starts at each login (to prevent that, remove [Install]) and ends with your last\n"
                     "# session; with `loginctl enable-linger` it starts at boot and stays.\n"
                     "[Unit]\n"
                     "Description=agentbox {0}: {3} in a firewalled pod\n\n"
                     "[Kube]\n"
                     "Yaml={4}\n"
                     "# The host's user is the agent in the box, and only there.\n"
                     "UserNS={5}\n"
                     "Network=private\n"
                     "# Where the annotations of pod.yaml find the seccomp profiles.\n"
                     "PodmanArgs={6}\n"
                     "# Without its firewall the box ends, and this unit has failed.\n"
                     "ExitCodePropagation=any\n\n"
                     "[Service]\n"
                     "# A box that has ended is not restarted.\n"
                     "Restart=no\n\n"
                     "[Install]\n"
                     "WantedBy=default.target\n\n"
                     "[Quadlet]\n"
                     "# Podman 5.3 would wait up to 90 s for network-online.target, which many hosts never reach.\n"
                     "DefaultDependencies=false\n",
                     fields.name, support::shell_quote({source}), name, fields.agent.name,
                     specifier_free(facts.directory / "pod.yaml"), keep_id(fields.user),
                     word("--seccomp-profile-root=" + facts.directory.string()));
}

} // namespace

GeneratedSet render_quadlet(const policy::Policy& policy, const PodFacts& facts) {
  GeneratedSet set = render_kube(policy, facts);
  set.insert(set.begin(), {pod_name(policy.fields()) + ".kube", unit(policy.fields(), facts)});
  return set;
}

} // namespace agentbox::oci
