// SPDX-License-Identifier: Apache-2.0
#include "cli/command_tree.hpp"

#include <CLI/CLI.hpp>

#include "catch.hpp"

using namespace agentbox::cli;

namespace {

/// A program with one of everything that a script must know about.
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
  CHECK(run.positionals == std::vector<OptionNode>{{{"AGENT"}, "Which agent", true, false, {}}});
  CHECK(run.options == std::vector<OptionNode>{{{"--help", "-h"}, "Print this help message and exit", false, false, {}},
                                               {{"--mount", "-m"}, "A mount", true, true, {}},
                                               {{"--base"}, "An image", true, false, {}},
                                               {{"--verbose", "-v"}, "More", false, false, {}}});
  CHECK(root.subcommands[1].subcommands.front().name == "show");
  CHECK(root.subcommands[2].positionals.front().choices == std::vector<std::string>{"bash", "zsh"});
}

TEST_CASE("nothing hidden is completed, everything else is") {
  const Program program;
  const CommandNode root = describe(program.app);
  for (const std::string& script : {bash_completion(root, "run", {"tool-x"}), zsh_completion(root, "run", {"tool-x"}),
                                    fish_completion(root, "run", {"tool-x"})}) {
    CHECK_FALSE(contains(script, "secret"));
    CHECK_FALSE(contains(script, "hidden"));
    for (const char* word :
         {"run", "policy", "show", "completion", "bash", "zsh", "base", "verbose", "mount", "tool-x"}) {
      INFO(word);
      CHECK(contains(script, word));
    }
  }
}

TEST_CASE("descriptions cannot break out of their quotes") {
  const Program program;
  const CommandNode root = describe(program.app);
  CHECK(contains(zsh_completion(root, "run", {}), R"('run:Run it'\''s [thing]')"));
  CHECK(contains(fish_completion(root, "run", {}), R"(-a run -d 'Run it\'s [thing]')"));
}
