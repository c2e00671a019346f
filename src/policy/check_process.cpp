// SPDX-License-Identifier: Apache-2.0
// Rules about who runs in the box, and what.

#include "policy/env_names.hpp"
#include "policy/findings.hpp"
#include "policy/path_rules.hpp"
#include "protocol/protocol.hpp"
#include "support/text.hpp"

namespace agentbox::policy {
namespace {

constexpr std::uint32_t k_max_id = 65534;
constexpr std::size_t k_max_argument = 128U << 10U; // Linux: MAX_ARG_STRLEN
constexpr std::size_t k_max_variables = 1000;
constexpr std::size_t k_max_shown = 64;

void check_argv(const std::vector<std::string>& argv, std::string_view where, Findings& findings) {
  for (const std::string& argument : argv) {
    findings.require(is_clean_text(argument), where,
                     support::in_quotes(argument) + " is not UTF-8, or contains a NUL byte");
    findings.require(argument.size() < k_max_argument, where, "an argument is longer than the kernel allows (128 KiB)");
  }
}

} // namespace

void check_user(const User& user, Findings& findings) {
  const auto& [uid, gid, name, home] = user;
  findings.require(uid > 0 && uid <= k_max_id, "user.uid", "the agent's uid must be 1 to 65534; it never runs as root");
  findings.require(gid > 0 && gid <= k_max_id, "user.gid", "the agent's gid must be 1 to 65534");
  findings.require(is_simple_name(name, 32, "_") && name != "root", "user.name",
                   support::in_quotes(name) + " is not a valid user name");
  findings.require(home == "/home/agent", "user.home", "the agent's home is /home/agent");
}

void check_env(const std::map<std::string, std::string>& env, std::string_view where, Findings& findings) {
  findings.require(env.size() <= k_max_variables, where, "more than 1000 variables");
  for (const auto& [name, value] : env) {
    const std::string at =
        std::string(where) + "." + (is_env_name(name) && name.size() <= k_max_shown ? name : support::in_quotes(name));
    if (const auto problem = env_name_problem(name); !problem.empty()) {
      findings.add(at, support::in_quotes(name) + " cannot be set in the box: " + std::string(problem));
    }
    findings.require(is_clean_text(value), at, "the value is not UTF-8, or contains a NUL byte");
    findings.require(name.size() + value.size() + 2 < k_max_argument, at,
                     "the value is longer than the kernel allows (128 KiB)");
  }
}

void check_agent(const Agent& agent, Findings& findings) {
  const auto& [name, command, prompt, env, auth, history, continue_last, resume, model, about] = agent;
  const std::string where = "agents." + (is_simple_name(name, 32, "_") ? name : support::in_quotes(name));
  findings.require(is_simple_name(name, 32, "_"), where,
                   support::in_quotes(name) + " is not a valid agent name (a-z, 0-9, '-' and '_', at most 32)");
  findings.require(!command.empty() && !command.front().empty(), where + ".command", "the agent has no command");
  check_argv(command, where + ".command", findings);
  check_argv(prompt, where + ".prompt", findings);
  check_argv(continue_last, where + ".continue", findings);
  check_argv(resume, where + ".resume", findings);
  check_argv(model, where + ".model", findings);
  check_argv(about, where + ".about", findings);
  const bool has_text = std::any_of(
      about.begin(), about.end(), [](const std::string& word) { return word.find(k_about_text) != std::string::npos; });
  findings.require(about.empty() || has_text, where + ".about",
                   std::string("no argument contains ") + k_about_text + ", which becomes the text about the box");
  check_env(env, where + ".env", findings);
  for (const auto& [paths, key] : {std::pair(&auth, ".auth"), std::pair(&history, ".history")}) {
    for (const std::string& path : *paths) {
      findings.require(is_normal_relative(path) && is_clean_text(path), where + key,
                       support::in_quotes(path) + " is not a path below the home directory, without \"..\"");
    }
  }
}

void check_run(const Run& run, const Agent& agent, Findings& findings) {
  const auto& [kind, prompt, command, arguments] = run;
  switch (kind) {
  case Run::Kind::agent:
    findings.require(prompt.empty() && command.empty(), "run",
                     "internal error: a run of the agent with a prompt or command");
    break;
  case Run::Kind::prompt:
    findings.require(!prompt.empty(), "--prompt", "the prompt is empty",
                     "write what the agent is to do, or omit --prompt for an interactive session");
    findings.require(!agent.prompt.empty(), "--prompt",
                     "the agent " + support::in_quotes(agent.name) + " does not support --prompt",
                     R"(add prompt = ["program", "argument"] to its [agents.)" + agent.name + "] section");
    break;
  case Run::Kind::command:
    findings.require(!command.empty() && !command.front().empty(), "--", "the command is empty");
    findings.require(arguments.empty(), "run", "internal error: a command with arguments for an agent");
    break;
  }
  check_argv(arguments, "--", findings);
  check_argv({prompt}, "--prompt", findings);
  check_argv(command, "--", findings);
}

void check_names(const PolicyFields& fields, Findings& findings) {
  findings.require(protocol::is_box_name(fields.name), "--name",
                   support::in_quotes(fields.name) +
                       " is not a valid box name (a-z, 0-9 and '-', at most 41, not starting with '-')");
  findings.require(is_simple_name(fields.hostname, 63) && fields.hostname.back() != '-', "hostname",
                   support::in_quotes(fields.hostname) + " is not a valid host name of one label");
}

} // namespace agentbox::policy
