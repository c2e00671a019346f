// SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "cli/app.hpp"

using namespace agentbox::cli;
using List = std::vector<std::string>;

namespace {

CommandLine words(const std::string& program, const List& arguments) {
  static const List subcommands = {"run", "exec", "policy"};
  return with_subcommand(program, arguments, subcommands);
}

} // namespace

TEST_CASE("omitted words are added") {
  CHECK(words("agentbox", {}).options == List{"run"});
  CHECK(words("agentbox", {"codex"}).options == List{"run", "codex"});
  CHECK(words("agentbox", {"--dry-run"}).options == List{"run", "--dry-run"});
  CHECK(words("agentbox", {"run", "codex"}).options == List{"run", "codex"});
  CHECK(words("agentbox", {"policy", "show"}).options == List{"policy", "show"});
  CHECK(words("agentbox", {"--version"}).options == List{"--version"});
  CHECK(words("agentbox", {"--help"}).options == List{"--help"});
}

TEST_CASE("the name of the program names the agent") {
  CHECK(words("/usr/bin/agentbox-claude", {"--allow", "x.example"}).options ==
        List{"run", "claude", "--allow", "x.example"});
  CHECK(words("agentbox-codex", {"policy"}).options == List{"run", "codex", "policy"});
  CHECK(words("agentbox-", {}).options == List{"run"});
  CHECK(words("/home/agentbox-x/agentbox", {}).options == List{"run"});
}

TEST_CASE("the words after -- are the command's, whatever they are") {
  const CommandLine split = words("agentbox", {"--", "exec", "--", "--help"});
  CHECK(split.options == List{"run"});
  CHECK(split.has_command);
  CHECK(split.command == List{"exec", "--", "--help"});
  CHECK_FALSE(words("agentbox", {"run"}).has_command);
  const CommandLine empty = words("agentbox", {"run", "--"});
  CHECK(empty.has_command);
  CHECK(empty.command.empty());
}
