// SPDX-License-Identifier: Apache-2.0
#include "config/load.hpp"

#include <algorithm>

#include "fixture.hpp"
#include "policy/agents.hpp"

namespace config = agentbox::config;
namespace policy = agentbox::policy;
using agentbox::tests::Host;

namespace {

bool allows(const policy::PolicyFields& fields, std::string_view text) {
  const auto& allow = fields.egress.allow;
  return std::any_of(allow.begin(), allow.end(), [&](const policy::HostEntry& entry) { return entry.text() == text; });
}

} // namespace

TEST_CASE("a flood of mistakes is cut short") {
  const policy::Diagnostics many(60'000, policy::Diagnostic{"config.toml:1:1", "unknown key", "see the man page"});
  const std::string text = config::describe(many);
  CHECK(text.size() < 2000);
  CHECK(text.ends_with("and 59980 more"));
  CHECK(config::describe(policy::Diagnostics(many.begin(), many.begin() + 20)).find("more") == std::string::npos);
}

TEST_CASE("without any file the default contract applies") {
  const Host host;
  policy::PolicyFields expected = policy::default_fields();
  const auto loaded = host.load();
  expected.workspace.source = host.sources.workspace;
  expected.name = loaded.fields.name;
  CHECK(loaded.fields == expected);
  CHECK(loaded.project_broadens.empty());
  CHECK(loaded.project_digest.empty());
  CHECK(loaded.project_file.empty());
  CHECK(loaded.agents.size() == policy::builtin_agents().size());
  CHECK(loaded.fields.image.agents.empty());
}

TEST_CASE("what is excepted and not on the list may be a path that the Git configuration refers to, until a layer "
          "protects it") {
  Host host;
  host.user("[protect]\nexcept = ['.githooks', '.husky', 'tools']\n");
  policy::PolicyFields fields = host.load().fields;
  CHECK(fields.workspace.protect_except == std::vector<std::string>{".githooks", "tools"});
  const auto protects = [&](const char* path) {
    const auto& list = fields.workspace.protect;
    return std::find(list.begin(), list.end(), path) != list.end();
  };
  CHECK_FALSE(protects(".husky"));
  CHECK_FALSE(protects(".githooks"));
  host.project("[protect]\npaths = ['.githooks']\n");
  const auto loaded = host.load();
  fields = loaded.fields;
  CHECK(fields.workspace.protect_except == std::vector<std::string>{"tools"});
  CHECK(protects(".githooks"));
  CHECK(loaded.project_broadens.empty());
}

TEST_CASE(
    "an agent that is not in every image comes with its program and its vendor's hosts, unless they are refused") {
  Host host;
  host.overrides.agent = "gemini";
  auto fields = host.load().fields;
  CHECK(fields.image.agents == std::map<std::string, std::string>{{"gemini", ""}});
  CHECK(allows(fields, "generativelanguage.googleapis.com"));
  CHECK_FALSE(allows(fields, "oauth2.googleapis.com"));
  host.user("[network]\nblock_hosts = ['cloudcode-pa.googleapis.com']\n");
  fields = host.load().fields;
  CHECK(allows(fields, "generativelanguage.googleapis.com"));
  CHECK_FALSE(allows(fields, "cloudcode-pa.googleapis.com"));
  host.user("[network]\ndefault_hosts = false\n");
  CHECK_FALSE(allows(host.load().fields, "generativelanguage.googleapis.com"));
  host.user("");
  host.overrides.agent = "claude";
  fields = host.load().fields;
  CHECK(fields.image.agents.empty());
  CHECK_FALSE(allows(fields, "generativelanguage.googleapis.com"));
}

TEST_CASE("a project that chooses an agent with its own hosts must be trusted") {
  Host host;
  host.project("[agent]\ndefault = 'gemini'\n");
  const auto loaded = host.load();
  CHECK(loaded.fields.agent.name == "gemini");
  CHECK_FALSE(loaded.project_broadens.empty());
  host.project("[agent]\ndefault = 'opencode'\n"); // it has none
  CHECK(host.load().project_broadens.empty());
}

TEST_CASE("a user's agent can be installed from npm's registry or the distribution, a project's cannot") {
  Host host;
  const std::string own = "[agents.mine]\ncommand = ['mine']\n";
  host.overrides.agent = "mine";
  host.user(own + "npm = '@me/mine@1.2.3'\npackages = ['ripgrep', 'jq', 'jq']\n");
  const auto fields = host.load().fields;
  CHECK(fields.image.agents == std::map<std::string, std::string>{{"mine", "@me/mine@1.2.3"}});
  CHECK(fields.image.packages == std::vector<std::string>{"jq", "ripgrep"});
  host.overrides.agent = "codex";
  CHECK(host.load().fields.image.agents.empty());
  host.user("");
  host.project(own + "npm = 'mine@1.2.3'\n");
  CHECK_THAT(config::describe(host.mistakes()), Catch::Contains("installed for an agent (agents.mine.npm)"));
  host.project(own + "packages = ['jq']\n");
  CHECK_THAT(config::describe(host.mistakes()), Catch::Contains("installed for an agent (agents.mine.packages)"));
}

TEST_CASE("higher layers win, lists add up") {
  Host host;
  host.system(
      "[limits]\npids = 100\nmemory = '1g'\n[network]\nallow_hosts = ['system.example.com']\n[env]\nA = 's'\nB = 's'\n"
      "[protect]\npaths = ['Makefile']\nexcept = ['.husky']\n");
  host.user("[limits]\npids = 200\n[network]\nallow_hosts = ['user.example.com']\n[env]\nA = 'u'\n[toolkits]\nselected "
            "= ['web']\n"
            "[protect]\npaths = ['ci']\n[mask]\npaths = ['keys']\nexcept = ['.env']\n");
  auto fields = host.load().fields;
  CHECK(fields.limits.pids == 200);
  CHECK(fields.limits.memory_bytes == 1ULL << 30U);
  CHECK(allows(fields, "system.example.com"));
  CHECK(allows(fields, "user.example.com"));
  CHECK(allows(fields, "api.openai.com"));
  CHECK(fields.env == std::map<std::string, std::string>{{"A", "u"}, {"B", "s"}});
  const auto names = [](const std::vector<std::string>& list, const char* path) {
    return std::find(list.begin(), list.end(), path) != list.end();
  };
  for (const char* path : {".agentbox", ".git/config", ".git/hooks", "Makefile", "ci"}) {
    CHECK(names(fields.workspace.protect, path));
  }
  CHECK_FALSE(names(fields.workspace.protect, ".husky"));
  CHECK(names(fields.workspace.mask, "keys"));
  CHECK(names(fields.workspace.mask, ".env.local"));
  CHECK_FALSE(names(fields.workspace.mask, ".env"));

  host.overrides.pids = "300";
  host.overrides.memory = "2GB";
  host.overrides.cpus = "0.5";
  host.overrides.allow = {"cli.example.com:22"};
  host.overrides.env = {{"A", "c"}};
  host.overrides.toolkits = {"python", "web"};
  host.overrides.publish = {"8080:80"};
  host.overrides.name = "mine";
  host.overrides.base = "fedora:41";
  fields = host.load().fields;
  CHECK(fields.limits.pids == 300);
  CHECK(fields.limits.memory_bytes == 2ULL << 30U);
  CHECK(fields.limits.cpu_millis == 500);
  CHECK(allows(fields, "cli.example.com:22"));
  CHECK(fields.env.at("A") == "c");
  CHECK(fields.image.toolkits == std::vector<std::string>{"python", "web"});
  CHECK(fields.ports.size() == 1);
  CHECK(fields.name == "mine");
  CHECK(fields.image.base == "fedora:41");
}

TEST_CASE("the network can be opened from the command line only, with a warning") {
  Host host;
  CHECK(host.load().fields.egress.mode == policy::NetworkMode::filtered);
  host.overrides.full_network = true;
  CHECK(host.load().fields.egress.mode == policy::NetworkMode::full);
}

TEST_CASE("default hosts can be removed by any layer") {
  Host host;
  host.user("[network]\ndefault_hosts = false\nallow_hosts = ['only.example.com']\n");
  CHECK(host.load().fields.egress.allow.size() == 1);
  host.user("");
  host.project("[network]\ndefault_hosts = false\n");
  CHECK(host.load().fields.egress.allow.empty());
  CHECK(host.load().project_broadens.empty());
}

TEST_CASE("a host that is allowed by hand and blocked by a file is a mistake") {
  Host host;
  host.user("[network]\nblock_hosts = ['*.example.com']\n");
  host.overrides.allow = {"example.com"};
  CHECK(allows(host.load().fields, "example.com"));
  host.overrides.allow = {"www.example.com"};
  const auto mistake = host.mistake();
  CHECK(mistake.where == "--allow");
  CHECK(mistake.message.find("config.toml:2:16") != std::string::npos);
}

TEST_CASE("mistakes of all layers and flags are reported together") {
  Host host;
  host.system("nonsense = 1\n");
  host.user("[limits]\npids = true\n");
  host.project("[network]\nallow_hosts = ['*']\n");
  host.overrides.allow = {"https://x.example.com/"};
  host.overrides.pids = "many";
  host.overrides.mounts = {"/a"};
  host.overrides.publish = {"x"};
  host.overrides.agent = "cladue";
  host.overrides.auth = {"nobody"};
  const auto found = host.mistakes();
  CHECK(found.size() == 9);
  const std::string text = config::describe(found);
  for (const char* part :
       {"etc/config.toml:1:1: unknown key", "config.toml:2:8: limits.pids must be a whole number",
        ".agentbox/config.toml:2:16: \"*\" would allow every host", "--allow: ", "write \"x.example.com\"",
        "--pids: must be a whole number", "--mount: ", "-p: ", "did you mean \"claude\"", "--auth: \"nobody\""}) {
    INFO(part);
    CHECK(text.find(part) != std::string::npos);
  }
}

TEST_CASE("the agent: command line, then configuration, then the last one, then codex") {
  Host host;
  CHECK(host.load().fields.agent.name == "codex");
  host.sources.last_agent = "claude";
  CHECK(host.load().fields.agent.name == "claude");
  host.sources.last_agent = "gone";
  CHECK(host.load().fields.agent.name == "codex");
  host.sources.last_agent = "claude";
  host.system("[agent]\ndefault = 'codex'\n");
  CHECK(host.load().fields.agent.name == "codex");
  host.user("[agent]\ndefault = 'last_used'\n");
  CHECK(host.load().fields.agent.name == "claude");
  host.overrides.agent = "codex";
  CHECK(host.load().fields.agent.name == "codex");
  host.overrides.agent.reset();
  host.user("[agent]\ndefault = 'claud'\n");
  const auto mistake = host.mistake();
  CHECK(mistake.where.ends_with("config.toml:2:11"));
  CHECK(mistake.message.find("did you mean \"claude\"") != std::string::npos);
}

TEST_CASE("the user can add agents, and change the built-in ones") {
  Host host;
  host.user("[agents.mine]\ncommand = ['mine']\n[agents.claude]\nenv = { EXTRA = '1' }\n[agent]\ndefault = 'mine'\n");
  const auto loaded = host.load();
  CHECK(loaded.fields.agent.name == "mine");
  CHECK(loaded.fields.agent.command == std::vector<std::string>{"mine"});
  REQUIRE(loaded.agents.size() == policy::builtin_agents().size() + 1);
  CHECK(loaded.agents[0].name == "claude");
  CHECK(loaded.agents[0].env.at("EXTRA") == "1");
  CHECK(loaded.agents[0].env.at("DISABLE_TELEMETRY") == "1");
  CHECK(loaded.agents[0].command.front() == "claude");
  host.user("[agents.mine]\nenv = {}\n");
  CHECK(host.mistake().message.find("has no command") != std::string::npos);
  host.user("[agents.last_used]\ncommand = ['x']\n");
  CHECK(host.mistake().message.find("cannot be named") != std::string::npos);
}

TEST_CASE("the allow file of the user's configuration") {
  Host host;
  host.user("[network]\nallow_file = 'hosts.txt'\n");
  CHECK(host.mistake().message.find("no such file") != std::string::npos);
  CHECK(host.mistake().where.ends_with("config.toml:2:14"));

  host.directory().write("home/.config/agentbox/hosts.txt", "file.example.com # yes\n");
  CHECK(allows(host.load().fields, "file.example.com"));

  host.directory().write("home/.config/agentbox/hosts.txt", "good.example.com\nb a d\n");
  CHECK(host.mistake().where.ends_with("hosts.txt:2"));

  host.directory().write("home/.config/agentbox/hosts.txt", "");
  CHECK(host.mistake().message.find("the file has no entries") != std::string::npos);

  host.directory().write("home/elsewhere.txt", "else.example.com\n");
  host.user("[network]\nallow_file = '~/elsewhere.txt'\n");
  CHECK(allows(host.load().fields, "else.example.com"));
}

TEST_CASE("the CA bundle: command line, then configuration, then SSL_CERT_FILE") {
  Host host;
  const std::string pem = "-----BEGIN CERTIFICATE-----\n";
  host.directory().write("home/a.pem", pem);
  host.directory().write("home/b.pem", pem);
  host.directory().write("home/project/c.pem", pem);
  CHECK_FALSE(host.load().fields.ca_bundle);
  host.sources.ssl_cert_file = (host.sources.home / "a.pem").string();
  CHECK(host.load().fields.ca_bundle == host.sources.home / "a.pem");
  host.user("ca_bundle = '~/b.pem'\n");
  CHECK(host.load().fields.ca_bundle == host.sources.home / "b.pem");
  host.overrides.ca_bundle = "c.pem";
  CHECK(host.load().fields.ca_bundle == host.sources.workspace / "c.pem");
  host.overrides.ca_bundle = "missing.pem";
  CHECK(host.mistake().where == "--ca-bundle");
  host.directory().write("home/project/no.pem", "hello");
  host.overrides.ca_bundle = "no.pem";
  CHECK(host.mistake().message.find("no PEM certificate") != std::string::npos);
}

TEST_CASE("a root filesystem as base") {
  Host host;
  host.directory().write("home/root/etc/os-release", "");
  host.directory().write("home/root.tar", "");
  host.overrides.base = "dir:../root";
  CHECK(host.load().fields.image.base == "dir:" + (host.sources.home / "root").string());
  host.overrides.base = "tar:~/root.tar";
  CHECK(host.load().fields.image.base == "tar:" + (host.sources.home / "root.tar").string());
  host.overrides.base = "dir:~/root.tar";
  CHECK(host.mistake().message.find("not a directory") != std::string::npos);
  host.overrides.base = "tar:~/root";
  CHECK(host.mistake().message.find("not a regular file") != std::string::npos);
  host.overrides.base = "dir:/nowhere";
  CHECK(host.mistake().message.find("there is no") != std::string::npos);
}

TEST_CASE("a run's words are passed on") {
  Host host;
  host.overrides.run = {policy::Run::Kind::prompt, "fix it", {}};
  CHECK(host.load().fields.run.prompt == "fix it");
}
