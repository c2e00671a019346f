// SPDX-License-Identifier: Apache-2.0
#include "session/probe.hpp"

#include <fstream>

#include "box.hpp"
#include "support/error.hpp"

using namespace agentbox;
using namespace agentbox::session;
namespace fs = std::filesystem;
using Paths_ = std::vector<std::string>;

namespace {

policy::Workspace workspace_at(const fs::path& path) {
  policy::Workspace workspace;
  workspace.source = path;
  workspace.protect = {".agentbox", ".git/config", ".git/hooks"};
  return workspace;
}

} // namespace

TEST_CASE("protected paths that exist are found") {
  const session_test::RuntimeFolder folder;
  const auto workspace = workspace_at(folder.path());
  CHECK(existing_protected_paths(workspace).empty());
  fs::create_directories(folder.path() / ".git/hooks");
  CHECK(existing_protected_paths(workspace) == Paths_{".git/hooks"});
  std::ofstream(folder.path() / ".git/config") << "x";
  fs::create_directories(folder.path() / ".agentbox");
  CHECK(existing_protected_paths(workspace) == Paths_{".agentbox", ".git/config", ".git/hooks"});
}

TEST_CASE("a worktree's .git, which is a file, has no hooks below it") {
  const session_test::RuntimeFolder folder;
  std::ofstream(folder.path() / ".git") << "gitdir: /x";
  CHECK(existing_protected_paths(workspace_at(folder.path())).empty());
}

TEST_CASE("a protected path that is, or goes through, a symbolic link is refused") {
  const session_test::RuntimeFolder folder;
  SECTION("the last part") {
    fs::create_directories(folder.path() / ".git");
    fs::create_directory_symlink("/etc", folder.path() / ".git/hooks");
  }
  SECTION("a part before") {
    fs::create_directory_symlink("/etc", folder.path() / ".git");
  }
  SECTION("a link to nowhere") {
    fs::create_symlink("/no/such", folder.path() / ".agentbox");
  }
  CHECK_THROWS_AS(existing_protected_paths(workspace_at(folder.path())), support::Error);
}

TEST_CASE("identities of mounted paths") {
  const session_test::RuntimeFolder folder;
  fs::create_directories(folder.path() / "a");
  CHECK(identity_of(folder.path() / "a") == identity_of(folder.path() / "a"));
  CHECK_FALSE(identity_of(folder.path() / "a") == identity_of(folder.path()));
  fs::create_directory_symlink("a", folder.path() / "link");
  CHECK_THROWS_AS(identity_of(folder.path() / "link"), support::Error);
  CHECK_THROWS_AS(identity_of(folder.path() / "gone"), support::Error);
}

TEST_CASE("nonces are 32 hex digits and never the same") {
  const std::string nonce = make_nonce();
  CHECK(nonce.size() == 32);
  CHECK(nonce.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(make_nonce() != nonce);
}

TEST_CASE("what the renderers get to know of this host") {
  const session_test::RuntimeFolder folder;
  auto fields = session_test::fields();
  fields.workspace.source = folder.path();
  fs::create_directories(folder.path() / ".git/hooks");
  podman::HostFacts facts;
  facts.controllers = {"pids"};
  facts.seccomp_profile = fs::path(AGENTBOX_SOURCE_DIR) / "tests/unit/oci/fixtures/seccomp-debian-12.json";
  setenv("TERM", "xterm\nEVIL", 1);
  setenv("TZ", "Europe/Berlin", 1);
  const oci::HostFacts host = probe_host(fields, facts, session_paths("b"), Terminal{true, true, true});
  unsetenv("TZ");
  CHECK(host.delegated == oci::Controllers{true, false, false});
  CHECK(host.terminal);
  CHECK_FALSE(host.seccomp_profile.empty());
  CHECK(host.agent_env == std::map<std::string, std::string>{{"TZ", "Europe/Berlin"}});
  // What is mounted, and the folders above that are pinned.
  CHECK(host.sources.contains(folder.path()));
  CHECK(host.sources.contains(folder.path() / ".git"));
  CHECK(host.sources.contains(folder.path() / ".git/hooks"));
  CHECK(host.sources.size() == 3);
}
