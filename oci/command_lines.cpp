// SPDX-License-Identifier: Apache-2.0
#include "oci/command_lines.hpp"

#include "protocol/protocol.hpp"

namespace agentbox::oci {

std::string pod_name(const policy::PolicyFields& fields) {
  return protocol::k_pod_prefix + fields.name;
}

std::vector<std::string> agent_argv(const policy::PolicyFields& fields, Launcher launcher) {
  const auto entrypoint = [](const char* how, const std::vector<std::string>& words) {
    std::vector<std::string> argv = {protocol::k_entrypoint_program, how};
    argv.insert(argv.end(), words.begin(), words.end());
    return argv;
  };
  std::vector<std::string> arguments = about_arguments(fields, launcher);
  arguments.insert(arguments.end(), fields.run.arguments.begin(), fields.run.arguments.end());
  switch (fields.run.kind) {
  case policy::Run::Kind::agent: {
    std::vector<std::string> argv = entrypoint("agent", fields.agent.command);
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return argv;
  }
  case policy::Run::Kind::prompt: {
    std::vector<std::string> argv = entrypoint("exec", fields.agent.prompt);
    const bool joined = argv.back().ends_with('='); // "--prompt=": the text cannot become an option
    argv.insert(argv.back() == "--" || joined ? argv.end() - 1 : argv.end(), arguments.begin(), arguments.end());
    if (joined) {
      argv.back() += fields.run.prompt;
    } else {
      argv.push_back(fields.run.prompt);
    }
    return argv;
  }
  case policy::Run::Kind::command: return entrypoint("exec", fields.run.command);
  }
  return {protocol::k_entrypoint_program};
}

std::vector<std::string> firewall_argv(const policy::PolicyFields& fields, const HostFacts& facts) {
  std::vector<std::string> argv = {protocol::k_firewall_program,
                                   "serve",
                                   "--box",
                                   fields.name,
                                   "--nonce",
                                   facts.nonce,
                                   "--driver",
                                   std::string(policy::driver_text(fields.firewall_driver))};
  if (facts.leash) {
    argv.insert(argv.end(), {"--leash", protocol::k_leash_path});
  }
  if (facts.maps_loopback && !policy::reachable_host_ports(fields.egress).empty()) {
    argv.insert(argv.end(), {"--host", protocol::k_mapped_loopback});
  }
  for (const policy::PublishedPort& port : fields.ports) { // otherwise the ruleset rejects what Podman forwards
    argv.insert(argv.end(), {"--publish", std::to_string(port.box_port)});
  }
  return argv;
}

std::string label_command(const std::string& level) {
  return "chcon -R -t container_file_t " + (level.empty() ? "" : "-l " + level + " ") + "PROJECT";
}

} // namespace agentbox::oci
