// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policy/types.hpp"

namespace agentbox::config {

/// The options of the command line as text: the highest layer. load() parses and checks them; Diagnostic::where is the
/// flag ("--mount"), or "the command line" for AGENT.
struct Overrides {
  std::optional<std::string> agent;       ///< the positional AGENT, or from the program name
  std::optional<std::string> name;        ///< --name
  std::optional<std::string> base;        ///< --base IMAGE|dir:PATH|tar:PATH
  std::vector<std::string> toolkits;      ///< --toolkit NAME, added to the configured ones
  std::vector<std::string> mounts;        ///< --mount SRC:DST[:OPTIONS], see parse_mount()
  std::vector<std::string> auth;          ///< --auth AGENT
  std::map<std::string, std::string> env; ///< --env NAME=VALUE, --env NAME and --env-file, looked up already
  std::vector<std::string> allow;         ///< --allow HOST[:PORT]
  bool full_network = false;              ///< --full-network
  std::optional<std::string> driver;      ///< --firewall-driver NAME
  std::vector<std::string> publish;       ///< -p [ADDRESS:]HOST_PORT:BOX_PORT
  std::optional<std::string> memory;      ///< --memory SIZE
  std::optional<std::string> cpus;        ///< --cpus N
  std::optional<std::string> pids;        ///< --pids N
  std::optional<std::string> ca_bundle;   ///< --ca-bundle FILE
  policy::Run run;                        ///< --prompt TEXT, or the command or arguments after --
  bool continue_last = false;             ///< --continue
  std::optional<std::string> resume;      ///< --resume [ID]; empty: the agent asks which
  std::optional<std::string> model;       ///< --model NAME
  std::optional<std::string> home;        ///< --home keep|fresh
  bool instructions = false;              ///< --instructions
  bool has_session = false;               ///< run starts the box, and can copy files into its session directory
  bool conversations = false;             ///< mount what agentbox keeps for the project: conversations, home
};

} // namespace agentbox::config
