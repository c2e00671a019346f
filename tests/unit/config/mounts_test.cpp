// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "config/host_paths.hpp"
#include "fixture.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"

namespace config = agentbox::config;
namespace fs = std::filesystem;
namespace support = agentbox::support;
using agentbox::tests::Host;

TEST_CASE("mounts of the user's configuration and of the command line") {
  Host host;
  fs::create_directories(host.sources.home / "data");
  fs::create_directories(host.sources.workspace / "sub");
  host.user("[[mounts]]\nsource = '~/data'\ndestination = '/mnt/data'\nread_only = true\nlabel = true\n");
  host.overrides.mounts = {"sub:/mnt/sub:ro"};
  const auto mounts = host.load().fields.mounts;
  REQUIRE(mounts.size() == 2);
  CHECK(mounts[0].source == host.sources.home / "data");
  CHECK(mounts[0].destination == "/mnt/data");
  CHECK(mounts[0].read_only);
  CHECK(mounts[0].label);
  CHECK_FALSE(mounts[1].label);
  CHECK(mounts[0].reason.ends_with("config.toml:1:1"));
  CHECK(mounts[1].source == host.sources.workspace / "sub");
  CHECK(mounts[1].read_only); // a part of the workspace: if writable, it would bypass the protection there
  CHECK(mounts[1].reason == "--mount");
}

TEST_CASE("a mount's source is canonical: a link is resolved before anything is decided") {
  Host host;
  fs::create_directories(host.sources.home / "data");
  fs::create_symlink(host.sources.home / "data", host.sources.home / "link");
  fs::create_symlink("/", host.sources.home / "root");
  host.overrides.mounts = {"~/link:/mnt/data"};
  CHECK(host.load().fields.mounts.at(0).source == host.sources.home / "data");
  host.overrides.mounts = {"~/root:/mnt/data"};
  CHECK(host.mistake().message.find("root directory") != std::string::npos);
}

TEST_CASE("what would lead out of the box cannot be mounted") {
  Host host;
  for (const char* source : {"/", "/proc", "/proc/self", "/sys", "/dev", "/dev/null", "/run"}) {
    INFO(source);
    host.overrides.mounts = {std::string(source) + ":/mnt/x:ro"};
    CHECK(host.mistake().where == "--mount");
  }
  host.overrides.mounts = {"/nowhere:/mnt/x"};
  CHECK(host.mistake().message.find("there is no") != std::string::npos);

  const fs::path path = host.sources.home / "socket";
  const support::Fd server(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(path.native().size() < sizeof(address.sun_path));
  path.native().copy(static_cast<char*>(address.sun_path), sizeof(address.sun_path) - 1);
  REQUIRE(bind(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0); // NOLINT(*-cast)
  host.overrides.mounts = {"~/socket:/mnt/x:ro"};
  CHECK(host.mistake().message.find("a socket or device") != std::string::npos);
}

TEST_CASE("agentbox's own directories stay outside; a read-only mount of their parent is the user's choice") {
  const Host host;
  const fs::path state = host.sources.home / ".local/state";
  setenv("XDG_STATE_HOME", state.c_str(), 1);
  fs::create_directories(state / "agentbox/audit");
  CHECK_FALSE(config::mount_problem(state / "agentbox", true).empty());
  CHECK_FALSE(config::mount_problem(state / "agentbox/audit", true).empty());
  CHECK_FALSE(config::mount_problem(state, false).empty());
  CHECK_FALSE(config::mount_problem(host.sources.home, false).empty());
  CHECK(config::mount_problem(host.sources.home, true).empty());
  const char* before = std::getenv("XDG_RUNTIME_DIR");
  const std::optional<std::string> runtime = before == nullptr ? std::nullopt : std::optional<std::string>(before);
  setenv("XDG_RUNTIME_DIR", (host.sources.home / "runtime").c_str(), 1); // without a login session: below /tmp
  CHECK_FALSE(config::mount_problem(host.sources.home, true).empty());   // the box would reach the firewall's socket
  CHECK(config::mount_problem(host.sources.workspace, true).empty());
  runtime ? setenv("XDG_RUNTIME_DIR", runtime->c_str(), 1) : unsetenv("XDG_RUNTIME_DIR");
  CHECK(config::mount_problem(host.sources.workspace, false).empty());
  unsetenv("XDG_STATE_HOME");
}

namespace {

/// A host whose home directory is $HOME. log_in() adds a login for codex.
struct HostWithLogin : Host {
  HostWithLogin() {
    setenv("HOME", sources.home.c_str(), 1);
    unsetenv("CODEX_HOME");
    setenv("XDG_STATE_HOME", (sources.home / ".local/state").c_str(), 1);
  }
  ~HostWithLogin() { unsetenv("XDG_STATE_HOME"); }
  HostWithLogin(const HostWithLogin&) = delete;
  HostWithLogin& operator=(const HostWithLogin&) = delete;

  fs::path shared() const { return sources.home / ".local/state/agentbox/logins/codex/host/shared"; }
  void log_in() { directory().write("home/.codex/auth.json", R"({"OPENAI_API_KEY":"sk-1"})"); }
};

bool allows(const agentbox::policy::PolicyFields& fields, const std::string& host) {
  return std::any_of(fields.egress.allow.begin(), fields.egress.allow.end(),
                     [&](const auto& entry) { return entry.pattern.text() == host; });
}

} // namespace

TEST_CASE("--auth mounts a directory with the login, and allows the host that renews it") {
  HostWithLogin host;
  host.overrides.auth = {"codex"};
  const auto mistake = host.mistake();
  CHECK(mistake.where == "--auth codex");
  CHECK(mistake.hint.find("agentbox login codex") != std::string::npos);

  host.log_in();
  host.user("[network]\ndefault_hosts = false\n");
  const auto fields = host.load().fields;
  REQUIRE(fields.mounts.size() == 1);
  CHECK(fields.mounts[0].source == host.shared());
  CHECK(fields.mounts[0].destination == "/home/agent/.agentbox-login/codex");
  CHECK_FALSE(fields.mounts[0].read_only);
  CHECK(fields.mounts[0].reason == "--auth codex");
  CHECK(allows(fields, "auth.openai.com"));
  CHECK(fields.egress.allow.size() == 1);
  host.overrides.auth = {};
  CHECK_FALSE(allows(host.load().fields, "auth.openai.com"));
  CHECK(host.load().fields.mounts.empty());

  host.directory().write("home/.claude/.credentials.json", R"({"claudeAiOauth":{"accessToken":"a"}})");
  host.overrides.auth = {"claude"};
  unsetenv("CLAUDE_CONFIG_DIR");
  CHECK(allows(host.load().fields, "platform.claude.com"));
  CHECK(host.load().fields.agent.env.at("CLAUDE_SECURESTORAGE_CONFIG_DIR") == "/home/agent/.agentbox-login/claude");
}

TEST_CASE("agent.auth gives the login to the agent that runs, and reports why it cannot") {
  HostWithLogin host;
  host.user("[agent]\nauth = ['codex']\n[network]\nblock_hosts = ['auth.openai.com']\n");
  host.overrides.agent = "codex";
  CHECK(host.load().fields.mounts.empty());
  REQUIRE(host.load().notices.size() == 1);
  CHECK(host.load().notices[0].find("no login for codex") != std::string::npos);

  host.log_in();
  CHECK(host.load().fields.mounts.size() == 1);
  CHECK(host.load().notices.at(0).find("cannot be renewed") != std::string::npos);
  host.overrides.agent = "claude";
  CHECK(host.load().fields.mounts.empty());
  host.overrides.agent = "codex";
  host.overrides.run.kind = agentbox::policy::Run::Kind::command;
  host.overrides.run.command = {"true"};
  CHECK(host.load().fields.mounts.empty());
  host.user("[agent]\nauth = ['codx']\n");
  CHECK(host.mistake().message.find("did you mean \"codex\"") != std::string::npos);
}

TEST_CASE("an administrator can lock logins without locking mounts") {
  HostWithLogin host;
  host.log_in();
  fs::create_directories(host.sources.home / "data");
  host.system("[locked]\nkeys = ['agent.auth']\n");
  host.overrides.mounts = {"~/data:/mnt/data"};
  CHECK(host.load().fields.mounts.size() == 1);
  host.overrides.auth = {"codex"};
  CHECK(host.mistake().message.find("locked agent.auth") != std::string::npos);
  host.system("[locked]\nkeys = ['agents']\n");
  CHECK(host.load().fields.mounts.size() == 2);
}

TEST_CASE("--auth of a configured agent mounts the credentials that are there, and only those") {
  Host host;
  host.user("[agents.mine]\ncommand = ['mine']\nauth = ['.mine', '.config/mine']\n[agents.other]\ncommand = ['o']\n");
  host.overrides.auth = {"mine"};
  CHECK(host.mistake().where == "--auth mine");
  host.directory().write("home/.config/mine/token", "x");
  const auto mounts = host.load().fields.mounts;
  REQUIRE(mounts.size() == 1);
  CHECK(mounts[0].destination == "/home/agent/.config/mine");
  host.overrides.auth = {"other"};
  CHECK(host.mistake().message.find("unknown to agentbox") != std::string::npos);
}

TEST_CASE("the home is kept when the user asks for it, but a project's configuration cannot ask") {
  Host host;
  host.sources.kept_home = "/state/home";
  host.sources.conversations = "/state/history";
  const auto has_home = [&] {
    const auto mounts = host.load().fields.mounts;
    return std::any_of(mounts.begin(), mounts.end(), [](const auto& mount) {
      return mount.reason == agentbox::policy::k_home_reason && mount.destination == "/home/agent";
    });
  };
  host.overrides.conversations = true;
  CHECK_FALSE(has_home());
  host.overrides.home = "keep";
  CHECK(has_home());
  host.overrides.conversations = false; // generate, verify, --fresh
  CHECK_FALSE(has_home());
  host.overrides.conversations = true;
  host.overrides.home.reset();
  host.user("[home]\nkeep = true\nlimit = '1GiB'\n");
  CHECK(has_home());
  CHECK(host.load().preferences.home_limit == 1ULL << 30U);
  host.overrides.home = "fresh";
  CHECK_FALSE(has_home());
  host.overrides.home.reset();
  host.project("[home]\nkeep = false\n");
  CHECK_FALSE(has_home());
  for (const char* text : {"[home]\nkeep = true\n", "[home]\nlimit = '2GiB'\n"}) {
    host.project(text);
    CHECK(host.mistake().message.find("cannot keep the box's home") != std::string::npos);
  }
  host.project("");
  for (const char* text : {"[home]\nkep = true\n", "[home]\nkeep = 1\n", "[home]\nlimit = 'much'\n"}) {
    host.user(text);
    CHECK(host.mistake().where.find("config.toml:2:") != std::string::npos);
  }
  host.user("[home]\nkeep = true\n");
  host.system("[locked]\nkeys = ['mounts']\n");
  CHECK(host.mistake().message.find("the administrator locked mounts") != std::string::npos);
}

TEST_CASE("other mounts may be in the kept home, but not in its place") {
  using namespace agentbox::policy;
  PolicyFields fields = default_fields();
  fields.mounts = {{"/state/home", fields.user.home, false, k_home_reason},
                   {"/data", fields.user.home + "/data", true, "--mount"}};
  CHECK(std::holds_alternative<Policy>(build_policy(fields)));
  fields.mounts[1].destination = fields.user.home;
  CHECK(std::holds_alternative<Diagnostics>(build_policy(fields)));
  fields.mounts[1].destination = fields.user.home + "/data";
  fields.mounts[0].reason = "--mount";
  CHECK(std::holds_alternative<Diagnostics>(build_policy(fields)));
}
