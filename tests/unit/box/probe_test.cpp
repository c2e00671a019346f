// SPDX-License-Identifier: Apache-2.0
#include "box/probe.hpp"

#include <fstream>

#include "box.hpp"
#include "support/error.hpp"

using namespace agentbox;
using namespace agentbox::box;
using namespace agentbox::boxes;
namespace fs = std::filesystem;

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
  podman::PodmanInfo facts;
  facts.controllers = {"pids"};
  facts.seccomp_profile = fs::path(AGENTBOX_SOURCE_DIR) / "tests/unit/oci/fixtures/seccomp-debian-12.json";
  setenv("TERM", "xterm\nEVIL", 1);
  setenv("TZ", "Europe/Berlin", 1);
  const oci::HostFacts host =
      probe_host(fields, facts, session_paths("b"), support::Terminal{true, true, true}, WhatIsMissing::is_left_out);
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

TEST_CASE("what must be there is made before a start, shown in a dry run, and left out of files for later") {
  const session_test::RuntimeFolder folder;
  auto fields = session_test::fields();
  fields.workspace.source = folder.path();
  fields.workspace.mask = {".env", "secrets"};
  fs::create_directories(folder.path() / ".git");
  fs::create_directories(folder.path() / "secrets");
  std::ofstream(folder.path() / ".env") << "KEY=1";
  podman::PodmanInfo facts;
  facts.seccomp_profile = fs::path(AGENTBOX_SOURCE_DIR) / "tests/unit/oci/fixtures/seccomp-debian-12.json";
  const auto probe = [&](WhatIsMissing missing) {
    return probe_host(fields, facts, session_paths("b"), support::Terminal{}, missing);
  };
  CHECK(probe(WhatIsMissing::is_left_out).guarded.read_only.empty());
  const oci::HostFacts shown = probe(WhatIsMissing::is_shown);
  CHECK_FALSE(fs::exists(folder.path() / ".git/hooks"));
  const oci::HostFacts made = probe(WhatIsMissing::is_made);
  CHECK(made.guarded.read_only == std::vector<std::string>{".git/commondir", ".git/config", ".git/hooks"});
  CHECK(shown.guarded.read_only == made.guarded.read_only);
  CHECK(made.guarded.masked == std::vector<std::string>{".env", "secrets"});
  CHECK(made.sources.at(folder.path() / "secrets").folder);
  CHECK(made.sources.contains(folder.path() / ".git"));
  CHECK(fs::is_directory(folder.path() / ".git/hooks"));
}

TEST_CASE("a mount is guarded as the workspace is, a read-only one only hides what must not be seen") {
  const session_test::RuntimeFolder folder;
  auto fields = session_test::fields();
  fields.workspace.source = folder.path() / "project";
  fs::create_directories(folder.path() / "project");
  for (const char* name : {"rw", "ro"}) {
    fs::create_directories(folder.path() / name / ".git/hooks");
    fs::create_directories(folder.path() / name / "web/.vscode");
    std::ofstream(folder.path() / name / "web/.env") << "KEY=1\n";
  }
  std::ofstream(folder.path() / "ro/.git/config") << "[remote \"o\"]\n\turl = https://me:secret@example.com/x\n";
  fields.mounts = {{folder.path() / "rw", "/mnt/rw", false, "--mount"},
                   {folder.path() / "ro", "/mnt/ro", true, "--mount"}};
  podman::PodmanInfo facts;
  facts.seccomp_profile = fs::path(AGENTBOX_SOURCE_DIR) / "tests/unit/oci/fixtures/seccomp-debian-12.json";
  const auto probe = [&](WhatIsMissing missing) {
    return probe_host(fields, facts, session_paths("b"), support::Terminal{}, missing);
  };
  const oci::HostFacts host = probe(WhatIsMissing::is_shown);
  const oci::GuardedPaths& writable = host.guarded_in_mounts.at(folder.path() / "rw");
  CHECK(writable.read_only == std::vector<std::string>{".git/commondir", ".git/config", ".git/hooks", "web/.vscode"});
  CHECK(writable.masked == std::vector<std::string>{"web/.env"});
  const oci::GuardedPaths& seen = host.guarded_in_mounts.at(folder.path() / "ro");
  CHECK(seen.read_only == std::vector<std::string>{".git/config"});
  CHECK(seen.masked == std::vector<std::string>{"web/.env"});
  CHECK(host.cleaned.contains(folder.path() / "ro/.git/config"));
  fields.mounts.insert(fields.mounts.begin(), {folder.path() / "rw", "/mnt/second", true, "--mount"});
  CHECK(probe(WhatIsMissing::is_shown).guarded_in_mounts.at(folder.path() / "rw").read_only == writable.read_only);
  fields.mounts.erase(fields.mounts.begin());
  CHECK_THROWS_AS(probe(WhatIsMissing::is_left_out), support::Error); // generated files would show the token
  fs::remove(folder.path() / "ro/.git/config");
  CHECK(probe(WhatIsMissing::is_left_out).cleaned.empty());
  fields.mounts.front().reason = "--auth codex";
  CHECK(probe(WhatIsMissing::is_left_out).guarded_in_mounts.at(folder.path() / "rw").masked.empty());
}
