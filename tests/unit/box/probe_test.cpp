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
  const session_test::RuntimeDirectory directory;
  fs::create_directories(directory.path() / "a");
  CHECK(identity_of(directory.path() / "a") == identity_of(directory.path() / "a"));
  CHECK_FALSE(identity_of(directory.path() / "a") == identity_of(directory.path()));
  fs::create_directory_symlink("a", directory.path() / "link");
  CHECK_THROWS_AS(identity_of(directory.path() / "link"), support::Error);
  CHECK_THROWS_AS(identity_of(directory.path() / "gone"), support::Error);
}

TEST_CASE("nonces are 32 hex digits and never the same") {
  const std::string nonce = make_nonce();
  CHECK(nonce.size() == 32);
  CHECK(nonce.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(make_nonce() != nonce);
}

TEST_CASE("the facts about this host for the renderers") {
  const session_test::RuntimeDirectory directory;
  auto fields = session_test::fields();
  fields.workspace.source = directory.path();
  fs::create_directories(directory.path() / ".git/hooks");
  podman::PodmanInfo facts;
  facts.controllers = {"pids"};
  facts.seccomp_profile = fs::path(AGENTBOX_SOURCE_DIR) / "tests/unit/oci/fixtures/seccomp-debian-12.json";
  setenv("TERM", "xterm\nEVIL", 1);
  setenv("TZ", "Europe/Berlin", 1);
  const oci::HostFacts host =
      probe_host(fields, facts, session_paths("b"), support::Terminal{true, true, true}, MissingPaths::skip);
  unsetenv("TZ");
  CHECK(host.delegated == oci::Controllers{true, false, false});
  CHECK(host.terminal);
  CHECK_FALSE(host.seccomp_profile.empty());
  CHECK(host.agent_env == std::map<std::string, std::string>{{"TZ", "Europe/Berlin"}});
  // What is mounted, and the directories above that are pinned.
  CHECK(host.sources.contains(directory.path()));
  CHECK(host.sources.contains(directory.path() / ".git"));
  CHECK(host.sources.contains(directory.path() / ".git/hooks"));
  CHECK(host.sources.size() == 3);
}

TEST_CASE("required paths are created before a start, assumed in a dry run, and skipped for generated files") {
  const session_test::RuntimeDirectory directory;
  auto fields = session_test::fields();
  fields.workspace.source = directory.path();
  fields.workspace.mask = {".env", "secrets"};
  fs::create_directories(directory.path() / ".git");
  fs::create_directories(directory.path() / "secrets");
  std::ofstream(directory.path() / ".env") << "KEY=1";
  podman::PodmanInfo facts;
  facts.seccomp_profile = fs::path(AGENTBOX_SOURCE_DIR) / "tests/unit/oci/fixtures/seccomp-debian-12.json";
  const auto probe = [&](MissingPaths missing) {
    return probe_host(fields, facts, session_paths("b"), support::Terminal{}, missing);
  };
  CHECK(probe(MissingPaths::skip).guarded.read_only.empty());
  const oci::HostFacts shown = probe(MissingPaths::assume);
  CHECK_FALSE(fs::exists(directory.path() / ".git/hooks"));
  const oci::HostFacts made = probe(MissingPaths::create);
  CHECK(made.guarded.read_only == std::vector<std::string>{".git/commondir", ".git/config", ".git/hooks"});
  CHECK(shown.guarded.read_only == made.guarded.read_only);
  CHECK(made.guarded.masked == std::vector<std::string>{".env", "secrets"});
  CHECK(made.sources.at(directory.path() / "secrets").directory);
  CHECK(made.sources.contains(directory.path() / ".git"));
  CHECK(fs::is_directory(directory.path() / ".git/hooks"));
}

TEST_CASE("a mount is guarded like the workspace; a read-only one only masks what must not be seen") {
  const session_test::RuntimeDirectory directory;
  auto fields = session_test::fields();
  fields.workspace.source = directory.path() / "project";
  fs::create_directories(directory.path() / "project");
  for (const char* name : {"rw", "ro"}) {
    fs::create_directories(directory.path() / name / ".git/hooks");
    fs::create_directories(directory.path() / name / "web/.vscode");
    std::ofstream(directory.path() / name / "web/.env") << "KEY=1\n";
  }
  std::ofstream(directory.path() / "ro/.git/config") << "[remote \"o\"]\n\turl = https://me:secret@example.com/x\n";
  fields.mounts = {{directory.path() / "rw", "/mnt/rw", false, "--mount"},
                   {directory.path() / "ro", "/mnt/ro", true, "--mount"}};
  podman::PodmanInfo facts;
  facts.seccomp_profile = fs::path(AGENTBOX_SOURCE_DIR) / "tests/unit/oci/fixtures/seccomp-debian-12.json";
  const auto probe = [&](MissingPaths missing) {
    return probe_host(fields, facts, session_paths("b"), support::Terminal{}, missing);
  };
  const oci::HostFacts host = probe(MissingPaths::assume);
  const oci::GuardedPaths& writable = host.guarded_in_mounts.at(directory.path() / "rw");
  CHECK(writable.read_only == std::vector<std::string>{".git/commondir", ".git/config", ".git/hooks", "web/.vscode"});
  CHECK(writable.masked == std::vector<std::string>{"web/.env"});
  const oci::GuardedPaths& seen = host.guarded_in_mounts.at(directory.path() / "ro");
  CHECK(seen.read_only == std::vector<std::string>{".git/config"});
  CHECK(seen.masked == std::vector<std::string>{"web/.env"});
  CHECK(host.cleaned.contains(directory.path() / "ro/.git/config"));
  fields.mounts.insert(fields.mounts.begin(), {directory.path() / "rw", "/mnt/second", true, "--mount"});
  CHECK(probe(MissingPaths::assume).guarded_in_mounts.at(directory.path() / "rw").read_only == writable.read_only);
  fields.mounts.erase(fields.mounts.begin());
  CHECK_THROWS_AS(probe(MissingPaths::skip), support::Error); // generated files would show the token
  fs::remove(directory.path() / "ro/.git/config");
  CHECK(probe(MissingPaths::skip).cleaned.empty());
  fields.mounts.front().reason = "--auth codex";
  CHECK(probe(MissingPaths::skip).guarded_in_mounts.at(directory.path() / "rw").masked.empty());
}
