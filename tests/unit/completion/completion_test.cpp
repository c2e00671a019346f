// SPDX-License-Identifier: Apache-2.0
#include "cli/command_tree.hpp"

#include <CLI/CLI.hpp>

#include "catch.hpp"

using namespace agentbox::cli;

namespace {

/// A program with one of everything that a script must handle.
struct Program {
  CLI::App app{"A program\nwith more to say", "tool"};
  std::string text;
  std::vector<std::string> list;
  bool flag = false;

  Program() {
    CLI::App* run = app.add_subcommand("run", "Run it's [thing]");
    run->add_option("AGENT", text, "Which agent");
    run->add_option("-m,--mount", list, "A mount");
    run->add_option("--base", text, "An image");
    run->add_flag("-v,--verbose", flag, "More");
    run->add_flag("--secret", flag, "Not for users")->group("");
    CLI::App* policy = app.add_subcommand("policy", "The policy");
    policy->add_subcommand("show", "Show it");
    app.add_subcommand("completion", "Scripts")
        ->add_option("SHELL", text, "Shell")
        ->check(CLI::IsMember({"bash", "zsh"}));
    app.add_subcommand("hidden", "Not for users")->group("");
  }
};

/// Returns the values of a small example host.
Candidates find_values(const ValuePlace& place) {
  if (place.name == "AGENT") {
    return {{"codex", "Codex"}};
  }
  return place.name == "--base" ? Candidates{{"for-" + place.agent, ""}} : Candidates{};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a command line is described") {
  const Program program;
  const CommandNode root = describe(program.app);
  CHECK(root.name == "tool");
  CHECK(root.description == "A program");
  REQUIRE(root.subcommands.size() == 3);
  const CommandNode& run = root.subcommands[0];
  CHECK(run.positionals == std::vector<OptionNode>{{{"AGENT"}, "Which agent", true, {}}});
  CHECK(run.options == std::vector<OptionNode>{{{"--help", "-h"}, "Print this help message and exit", false, {}},
                                               {{"--mount", "-m"}, "A mount", true, {}},
                                               {{"--base"}, "An image", true, {}},
                                               {{"--verbose", "-v"}, "More", false, {}}});
  CHECK(root.subcommands[1].subcommands.front().name == "show");
  CHECK(root.subcommands[2].positionals.front().choices == std::vector<std::string>{"bash", "zsh"});
}

TEST_CASE("a script is for the program and its links") {
  const Program program;
  const CommandNode root = describe(program.app);
  for (const char* shell : {"bash", "zsh", "fish"}) {
    INFO(shell);
    const std::string script = completion_script(shell, root, {"tool-x"});
    CHECK(contains(script, std::string("tool completion ") + shell + " -- "));
    CHECK(contains(script, "tool tool-x"));
  }
}

TEST_CASE("everything except hidden options is completed") {
  const Program program;
  const CommandNode root = describe(program.app);
  const auto complete = [&](const std::vector<std::string>& words) {
    return completions("bash", root, "run", words, find_values);
  };
  CHECK(complete({"tool", ""}) == "--help\n-h\ncodex\ncompletion\npolicy\nrun\n");
  CHECK(complete({"tool", "--"}) == "--base\n--help\n--mount\n--verbose\n");
  CHECK(complete({"tool", "run", "--v"}) == "--verbose\n");
  CHECK(complete({"tool", "codex", "--v"}) == "--verbose\n");
  CHECK(complete({"/usr/bin/tool-x", "--v"}) == "--verbose\n");
  CHECK(complete({"tool", "policy", "s"}) == "show\n");
  CHECK(complete({"tool", "completion", ""}) == "--help\n-h\nbash\nzsh\n");
  CHECK(complete({"tool", "run", "--mount", ""}).empty());
  CHECK(complete({"tool", "run", "--", ""}).empty());
  CHECK(complete({"tool"}).empty());
}

TEST_CASE("values of the system are completed where they belong") {
  const Program program;
  const CommandNode root = describe(program.app);
  const auto complete = [&](const std::vector<std::string>& words) {
    return completions("bash", root, "run", words, find_values);
  };
  CHECK(complete({"tool", "c"}) == "codex\ncompletion\n");
  CHECK(complete({"tool", "run", "c"}) == "codex\n");
  CHECK(complete({"tool", "run", "--verbose", "c"}) == "codex\n");
  CHECK(complete({"tool", "run", "codex", "c"}).empty());
  CHECK(complete({"tool", "codex", "c"}).empty());
  CHECK(complete({"tool-x", "c"}).empty());
  CHECK(complete({"tool", "codex", "--base", ""}) == "for-codex\n");
  CHECK(complete({"tool", "--mount", "codex", "--base", ""}) == "for-\n");
  CHECK(complete({"tool-x", "--base", ""}) == "for-x\n");
  CHECK(complete({"tool", "policy", "c"}).empty());
}

TEST_CASE("zsh and fish show descriptions") {
  const Program program;
  const CommandNode root = describe(program.app);
  CHECK(completions("zsh", root, "run", {"tool", "r"}, find_values) == "run:Run it's [thing]\n");
  CHECK(completions("fish", root, "run", {"tool", "r"}, find_values) == "run\t"
                                                                        "Run it's [thing]\n");
}
