// SPDX-License-Identifier: Apache-2.0
// What a project's own configuration may do, and what it may not do without the user.
#include <algorithm>

#include "fixture.hpp"

namespace config = agentbox::config;
namespace policy = agentbox::policy;
using agentbox::tests::Host;

namespace {

std::vector<std::string> broadened(const Host& host) {
  std::vector<std::string> texts;
  for (const policy::Change& change : host.load().project_broadens) {
    CHECK(change.direction == policy::Change::Direction::broader);
    texts.push_back(change.field + " " + change.text);
  }
  return texts;
}

} // namespace

TEST_CASE("a project may tighten freely") {
  const Host host;
  host.user("[limits]\nmemory = '4g'\npids = 1000\n");
  host.project(
      "[network]\nblock_hosts = ['chatgpt.com']\ndefault_hosts = false\n[limits]\npids = 100\nmemory = '1g'\ncpus = 1\n"
      "tmp = '64m'\n[protect]\npaths = ['ci']\n[toolkits]\nselected = ['python']\n[agent]\ndefault = 'claude'\n");
  const auto loaded = host.load();
  CHECK(loaded.project_broadens.empty());
  CHECK(loaded.fields.limits.pids == 100);
  CHECK(loaded.fields.agent.name == "claude");
  CHECK(loaded.project_file == host.sources.workspace / ".agentbox/config.toml");
  CHECK(loaded.project_digest.size() == 64);
}

TEST_CASE("each way of broadening is listed") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[network]\nallow_hosts = ['evil.example.com']\n", "network.allow + evil.example.com:443"},
      {"[network]\nallow_hosts = ['api.openai.com:22']\n", "network.allow + api.openai.com:22"},
      {"[network]\nallow_private = ['api.openai.com']\n", "network.allow_private + api.openai.com"},
      {"[network]\nallow_ech = ['api.openai.com']\n", "network.allow_ech + api.openai.com"},
      {"[limits]\npids = 1024\n", "limits.pids 512 -> 1024"},
      {"[protect]\nexcept = ['.husky']\n", "protect.paths - .husky"},
      {"[protect]\nexcept = ['.githooks']\n", "protect.except + .githooks"},
      {"[mask]\nexcept = ['.env']\n", "mask.paths - .env"},
      {"[limits]\ntmp = '8g'\n", "limits.tmp 1073741824 -> 8589934592"},
      {"[limits]\nopen_files = 100000\n", "limits.open_files 65536 -> 100000"},
      {"[env]\nEVIL = '1'\n", "env + EVIL=1"},
      {"[image]\nbase = 'evil.example.com/image'\n",
       "image.base docker.io/library/debian:bookworm-slim -> evil.example.com/image"},
      {"[agents.codex]\nenv = { EVIL = '1' }\n", "agent.env + EVIL=1"},
      {"[agents.codex]\nprompt = ['evil']\n", "agent.prompt"},
      {"[agents.codex]\ncommand = ['evil']\n", "agent.command"},
      {"[agents.evil]\ncommand = ['evil']\n[agent]\ndefault = 'evil'\n", "agent codex -> evil"},
  };
  for (const auto& [text, expected] : cases) {
    const Host host;
    host.project(text);
    const auto found = broadened(host);
    INFO(text);
    REQUIRE_FALSE(found.empty());
    CHECK(std::any_of(found.begin(), found.end(),
                      [&wanted = expected](const std::string& item) { return item.starts_with(wanted); }));
  }
}

TEST_CASE("an agent that only the project configures counts as a broadening when it is selected") {
  Host host;
  host.project("[agents.evil]\ncommand = ['evil']\n");
  CHECK(broadened(host).empty());
  host.overrides.agent = "evil";
  CHECK_FALSE(broadened(host).empty());
}

TEST_CASE("what the user asks for on the command line is not the project's broadening") {
  Host host;
  host.project("[network]\nallow_hosts = ['registry.example.com']\n[limits]\npids = 1024\n");
  CHECK(broadened(host).size() == 2);
  host.overrides.allow = {"registry.example.com"};
  host.overrides.pids = "600";
  CHECK(broadened(host).empty());
}

TEST_CASE("what the user's own configuration already allows or blocks is not a broadening") {
  const Host host;
  host.user("[network]\nallow_hosts = ['*.example.com']\nblock_hosts = ['*.evil.net']\n");
  host.project("[network]\nallow_hosts = ['registry.example.com', 'x.evil.net']\n");
  CHECK(broadened(host).empty());
}

TEST_CASE("a lower limit of the user's cannot be raised silently") {
  const Host host;
  host.user("[limits]\npids = 64\nmemory = '1g'\n");
  host.project("[limits]\npids = 128\nmemory = '2g'\n");
  CHECK(broadened(host) == std::vector<std::string>{"limits.pids 64 -> 128", "limits.memory 1073741824 -> 2147483648"});
}

TEST_CASE("a verification at the start may be requested, but not switched off") {
  const Host host;
  host.project("[verify]\non_start = true\n");
  CHECK(host.load().fields.confinement.prove_at_start);
  CHECK(broadened(host).empty());
  host.user("[verify]\non_start = true\n");
  host.project("[verify]\non_start = false\n");
  CHECK(broadened(host) == std::vector<std::string>{"verify.on_start on -> off"});
}

TEST_CASE("values of a hostile file are shown safely") {
  const Host host;
  host.project("[env]\nEVIL = '\x1b'\n"); // not TOML: control characters must be escaped
  CHECK(host.mistakes().front().message.find('\x1b') == std::string::npos);
  host.project("[env]\nEVIL = \"\\u001b]52;c;x\\u0007\"\n");
  CHECK(config::describe(host.load().project_broadens).find('\x1b') == std::string::npos);
}

TEST_CASE("the digest covers the file and its allow file") {
  const Host host;
  host.project("[network]\nallow_file = 'hosts'\n");
  host.directory().write("home/project/.agentbox/hosts", "a.example.com\n");
  const auto first = host.load();
  CHECK(broadened(host) == std::vector<std::string>{"network.allow + a.example.com:443"});
  CHECK(host.load().project_digest == first.project_digest);
  host.directory().write("home/project/.agentbox/hosts", "a.example.com\n# changed\n");
  CHECK(host.load().project_digest != first.project_digest);
  host.directory().write("home/project/.agentbox/hosts", "a.example.com\n");
  host.project("[network]\nallow_file = 'hosts' # changed\n");
  CHECK(host.load().project_digest != first.project_digest);
}

TEST_CASE("only the user's own configuration allows hosts for the image's build") {
  Host host;
  host.system("[build]\nallow_hosts = ['mirror.example.com:80']\n");
  host.user("[build]\nallow_hosts = ['10.1.2.3:8080']\n");
  const config::Loaded loaded = host.load();
  CHECK(loaded.preferences.build_hosts.size() == 2);
  CHECK(loaded.fields.egress == policy::default_fields().egress);
  host.project("[build]\nallow_hosts = ['evil.example.com']\n");
  CHECK(host.mistake().message.find("build.allow_hosts") != std::string::npos);
}
