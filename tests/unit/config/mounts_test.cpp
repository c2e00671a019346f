// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
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
  host.user("[[mounts]]\nsource = '~/data'\ndestination = '/mnt/data'\nread_only = true\n");
  host.overrides.mounts = {"sub:/mnt/sub:ro"};
  const auto mounts = host.load().fields.mounts;
  REQUIRE(mounts.size() == 2);
  CHECK(mounts[0].source == host.sources.home / "data");
  CHECK(mounts[0].destination == "/mnt/data");
  CHECK(mounts[0].read_only);
  CHECK(mounts[0].reason.ends_with("config.toml:1:1"));
  CHECK(mounts[1].source == host.sources.workspace / "sub");
  CHECK(mounts[1].read_only); // a part of the workspace: writable, it would be a way around what is protected there
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

TEST_CASE("agentbox's own directories stay outside; reading what contains them is the user's choice") {
  const Host host;
  const fs::path state = host.sources.home / ".local/state";
  setenv("XDG_STATE_HOME", state.c_str(), 1);
  fs::create_directories(state / "agentbox/audit");
  CHECK_FALSE(config::mount_problem(state / "agentbox", true).empty());
  CHECK_FALSE(config::mount_problem(state / "agentbox/audit", true).empty());
  CHECK_FALSE(config::mount_problem(state, false).empty());
  CHECK_FALSE(config::mount_problem(host.sources.home, false).empty());
  CHECK(config::mount_problem(host.sources.home, true).empty());
  CHECK(config::mount_problem(host.sources.workspace, false).empty());
  unsetenv("XDG_STATE_HOME");
}

TEST_CASE("--auth mounts the credentials that are there, and only them") {
  Host host;
  host.overrides.auth = {"codex"};
  const auto mistake = host.mistake();
  CHECK(mistake.where == "--auth codex");
  CHECK(mistake.hint.find("log in") != std::string::npos);

  host.directory().write("home/.codex/auth.json", "{}");
  host.directory().write("home/.codex/config.toml", "");
  auto mounts = host.load().fields.mounts;
  REQUIRE(mounts.size() == 1);
  CHECK(mounts[0].source == host.sources.home / ".codex/auth.json");
  CHECK(mounts[0].destination == "/home/agent/.codex/auth.json");
  CHECK(mounts[0].reason == "--auth codex");

  host.user("[agents.mine]\ncommand = ['mine']\nauth = ['.mine', '.config/mine']\n[agents.other]\ncommand = ['o']\n");
  host.directory().write("home/.config/mine/token", "x");
  host.overrides.auth = {"mine"};
  mounts = host.load().fields.mounts;
  REQUIRE(mounts.size() == 1);
  CHECK(mounts[0].destination == "/home/agent/.config/mine");
  host.overrides.auth = {"other"};
  CHECK(host.mistake().message.find("unknown to agentbox") != std::string::npos);
}

TEST_CASE("the home is kept when the user asks, and never for a project") {
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
