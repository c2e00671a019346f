// SPDX-License-Identifier: Apache-2.0
#include "config/instructions.hpp"

#include <algorithm>

#include "fixture.hpp"
#include "support/error.hpp"

using namespace agentbox;
using agentbox::tests::Host;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> shown(const Host& host) {
  std::vector<std::string> paths;
  for (const policy::Mount& mount : host.load().fields.mounts) {
    CHECK(mount.reason == config::k_instructions_reason);
    CHECK(mount.read_only);
    CHECK(mount.source == host.sources.home / fs::path(mount.destination).lexically_relative("/home/agent"));
    paths.push_back(mount.destination);
  }
  return paths;
}

} // namespace

TEST_CASE("instructions are shown when the user asks, and nothing else of the directory") {
  Host host;
  for (const char* name : {"CLAUDE.md", "skills/a/SKILL.md", "skills/a/.git/config", "settings.json",
                           ".credentials.json", "hooks/x", "projects/x.jsonl"}) {
    host.directory().write(std::string("home/.claude/") + name, "x");
  }
  host.directory().write("home/.codex/AGENTS.md", "x");
  host.overrides.agent = "claude";
  host.overrides.has_session = true;
  CHECK(shown(host).empty());
  host.overrides.instructions = true;
  const std::vector<std::string> expected = {"/home/agent/.claude/CLAUDE.md", "/home/agent/.claude/skills/a/SKILL.md"};
  CHECK(shown(host) == expected);
  host.overrides.has_session = false; // generate, verify
  CHECK(shown(host).empty());
  host.overrides.has_session = true;
  host.overrides.instructions = false;
  host.user("[agent]\ninstructions = true\n");
  CHECK(shown(host) == expected);
  host.overrides.agent = "codex";
  CHECK(shown(host) == std::vector<std::string>{"/home/agent/.codex/AGENTS.md"});
  host.project("[agent]\ninstructions = false\n");
  CHECK(shown(host).empty());
  host.project("[agent]\ninstructions = true\n");
  CHECK(host.mistake().message.find("cannot show your instructions") != std::string::npos);
}

TEST_CASE("instructions follow the agent's own variable") {
  Host host;
  host.directory().write("home/.claude/CLAUDE.md", "x");
  host.directory().write("elsewhere/CLAUDE.md", "there");
  host.sources.agent_directories["claude"].on_host = host.directory().path() / "elsewhere";
  host.overrides.agent = "claude";
  host.overrides.has_session = true;
  host.overrides.instructions = true;
  const auto mounts = host.load().fields.mounts;
  REQUIRE(mounts.size() == 1);
  CHECK(mounts.front().source == host.directory().path() / "elsewhere/CLAUDE.md");
  CHECK(mounts.front().destination == "/home/agent/.claude/CLAUDE.md");
  CHECK(config::read_instructions(mounts.front(), "/home/agent") == "there");
}

TEST_CASE("no link is followed, and floods are refused") {
  const Host host;
  const fs::path claude = host.sources.home / ".claude";
  host.directory().write("home/.ssh/id_rsa", "SECRET");
  host.directory().write("home/.claude/skills/a/SKILL.md", "x");
  fs::create_symlink(host.sources.home / ".ssh/id_rsa", claude / "CLAUDE.md");
  fs::create_symlink("../../../.ssh/id_rsa", claude / "skills/a/key");
  fs::create_directory_symlink(host.sources.home / ".ssh", claude / "commands");
  const auto paths = config::instruction_paths("claude");
  const config::Instructions found = config::find_instructions(claude, paths);
  CHECK(found.files == std::vector<fs::path>{"skills/a/SKILL.md"});
  CHECK(found.left_out.size() == 3);
  const auto read = [&](const std::string& name) {
    return config::read_instructions({claude / name, "/home/agent/.claude/" + name, true, "--instructions"},
                                     "/home/agent");
  };
  CHECK(read("skills/a/SKILL.md") == "x");
  CHECK_THROWS_AS(read("CLAUDE.md"), support::Error);
  CHECK_THROWS_AS(read("commands/id_rsa"), support::Error);
  host.directory().write("home/.claude/rules/big.md", std::string((1U << 20U) + 1, 'x'));
  CHECK_THROWS_AS(read("rules/big.md"), support::Error);
  for (int i = 0; i < 300; ++i) {
    host.directory().write("home/.claude/agents/" + std::to_string(i) + ".md", "x");
  }
  CHECK_THROWS_AS(config::find_instructions(claude, paths), support::Error);
  CHECK(config::find_instructions(claude, config::instruction_paths("other")).files.empty());
}
