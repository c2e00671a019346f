// SPDX-License-Identifier: Apache-2.0
// --continue, --resume, --model and the mounts of conversations.
#include "conversations/store.hpp"
#include "fixture.hpp"

namespace config = agentbox::config;
namespace policy = agentbox::policy;
using agentbox::tests::Host;
using Words = std::vector<std::string>;

TEST_CASE("the options that agents share become the agent's own arguments") {
  Host host;
  host.overrides.agent = "claude";
  host.overrides.continue_last = true;
  host.overrides.model = "opus";
  host.overrides.run.arguments = {"--verbose"};
  CHECK(host.load().fields.run.arguments == Words{"--continue", "--model", "opus", "--verbose"});
  host.overrides.agent = "codex";
  CHECK(host.load().fields.run.arguments == Words{"resume", "--last", "--model", "opus", "--verbose"});
  host.overrides.continue_last = false;
  host.overrides.resume = "";
  CHECK(host.load().fields.run.arguments == Words{"resume", "--model", "opus", "--verbose"});
  host.overrides.resume = "01a2242f-e72c-7c42-9f86-e6b216116f6f";
  CHECK(host.load().fields.run.arguments[1] == "01a2242f-e72c-7c42-9f86-e6b216116f6f");
}

TEST_CASE("an option that the agent does not have is refused, and so is a value that would be an option") {
  Host host;
  host.user("[agents.mine]\ncommand = ['mine']\nmodel = ['-m']\n");
  host.overrides.agent = "mine";
  host.overrides.model = "large";
  CHECK(host.load().fields.run.arguments == Words{"-m", "large"});
  host.overrides.model = "--dangerous";
  CHECK(host.mistake().where == "--model");
  host.overrides.model.reset();
  host.overrides.continue_last = true;
  const policy::Diagnostic mistake = host.mistake();
  CHECK(mistake.where == "--continue");
  CHECK(mistake.hint.find("[agents.mine]") != std::string::npos);
}

TEST_CASE("conversations are mounted only where they are wanted, and only for an agent") {
  Host host;
  host.sources.conversations = "/state/history/id";
  host.overrides.agent = "claude";
  CHECK(host.load().fields.mounts.empty());
  host.overrides.conversations = true;
  const auto mounts = host.load().fields.mounts;
  REQUIRE(mounts.size() == 2);
  CHECK(mounts[1].source == "/state/history/id/prompts/claude/.claude/history.jsonl");
  CHECK(mounts[1].destination == "/home/agent/.claude/history.jsonl");
  CHECK(mounts[0].source == "/state/history/id/claude/.claude/projects");
  CHECK(mounts[0].destination == "/home/agent/.claude/projects");
  CHECK_FALSE(mounts[0].read_only);
  CHECK(mounts[0].reason == agentbox::conversations::k_reason);
  host.overrides.run = {policy::Run::Kind::command, {}, {"make"}};
  CHECK(host.load().fields.mounts.empty());
  host.overrides.run = {};
  host.user("[agent]\nhistory = false\n");
  CHECK(host.load().fields.mounts.empty());
  host.system("[agent]\nhistory = false\n");
  host.user("[agent]\nhistory = true\n");
  CHECK(host.load().fields.mounts.size() == 2);
}

TEST_CASE("locked mounts do not stop agents: the mount for conversations is agentbox's own") {
  Host host;
  host.system("[locked]\nkeys = ['mounts']\n");
  host.sources.conversations = "/state/history/id";
  host.overrides.agent = "claude";
  host.overrides.conversations = true;
  CHECK(host.load().fields.mounts.size() == 2);
}

TEST_CASE("a project can only switch conversations off") {
  Host host;
  host.overrides.agent = "claude";
  host.overrides.conversations = true;
  host.project("[agent]\nhistory = false\n");
  CHECK(host.load().fields.mounts.empty());
  CHECK(host.load().project_broadens.empty());
  for (const char* text :
       {"[agent]\nhistory = true\n", "[agent]\nhistory_days = 1\n", "[agents.claude]\nhistory = ['.ssh']\n"}) {
    host.project(text);
    INFO(text);
    CHECK(host.mistake().hint == "use your own configuration");
  }
}

TEST_CASE("the user, not the project, decides whether a project is labelled for SELinux") {
  Host host;
  CHECK(host.load().preferences.label == config::LabelChoice::project);
  host.user("[selinux]\nlabel = \"never\"\n");
  CHECK(host.load().preferences.label == config::LabelChoice::never);
  host.user("[selinux]\nlabel = \"always\"\n");
  CHECK(host.mistakes().front().message.find("must be \"project\" or \"never\"") != std::string::npos);
  host.user("");
  host.project("[selinux]\nlabel = \"never\"\n");
  CHECK(host.mistake().hint == "use your own configuration");
}

TEST_CASE("conversations are kept for 30 days unless the user says otherwise") {
  Host host;
  CHECK(host.load().preferences.history_days == 30);
  host.user("[agent]\nhistory_days = 7\n");
  CHECK(host.load().preferences.history_days == 7);
  for (const char* text : {"0", "4000", "'x'", "-1"}) {
    host.user("[agent]\nhistory_days = " + std::string(text) + "\n");
    CHECK(host.mistakes().front().message.find("history_days") != std::string::npos);
  }
}
