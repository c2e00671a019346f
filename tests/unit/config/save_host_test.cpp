// SPDX-License-Identifier: Apache-2.0
#include "config/save_host.hpp"

#include <optional>
#include <sys/stat.h>

#include "catch.hpp"
#include "fixture.hpp"
#include "support/error.hpp"
#include "support/file.hpp"

using namespace agentbox;
using namespace agentbox::config;
using tests::Host;

namespace {

std::string content(const std::filesystem::path& file) {
  return support::read_file(file, 1U << 20U);
}

std::optional<support::ExitCode> refusal(const Host& host, SaveTo to, bool allow, const std::string& entry) {
  try {
    prepare_edit(host.sources, to, allow, entry);
  } catch (const support::Error& error) {
    return error.code();
  }
  return std::nullopt;
}

} // namespace

TEST_CASE("a host is written into the user's configuration, with everything else as it was") {
  const Host host;
  const auto file = host.user("# mine\n[limits]\npids = 100 # few\n");
  REQUIRE(chmod(file.c_str(), 0640) == 0);
  write_edit(host.sources, prepare_edit(host.sources, SaveTo::user, true, "API.github.com:443"));
  CHECK(content(file) == "# mine\n[limits]\npids = 100 # few\n\n[network]\nallow_hosts = [\"api.github.com\"]\n");
  struct stat info {};
  REQUIRE(stat(file.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0640U);
  const HostEdit again = prepare_edit(host.sources, SaveTo::user, true, "api.github.com");
  CHECK(again.before == again.after);
  CHECK(std::distance(std::filesystem::directory_iterator(file.parent_path()), {}) == 1);
}

TEST_CASE("a file that is not there yet, and a link to one that is elsewhere") {
  const Host host;
  write_edit(host.sources, prepare_edit(host.sources, SaveTo::user, false, "*.zip"));
  CHECK(content(*host.sources.user_file) == "[network]\nblock_hosts = [\"*.zip\"]\n");
  std::filesystem::rename(*host.sources.user_file, host.sources.home / "dotfiles.toml");
  std::filesystem::create_symlink(host.sources.home / "dotfiles.toml", *host.sources.user_file);
  write_edit(host.sources, prepare_edit(host.sources, SaveTo::user, true, "a.example"));
  CHECK(std::filesystem::is_symlink(*host.sources.user_file));
  CHECK(content(host.sources.home / "dotfiles.toml").find("a.example") != std::string::npos);
}

TEST_CASE("the project's file: made where it is missing, with the digest of what the user agrees to") {
  const Host host;
  const HostEdit first = prepare_edit(host.sources, SaveTo::project, true, "pypi.org");
  CHECK(first.digest_before.empty());
  write_edit(host.sources, first);
  CHECK(host.load().project_digest == first.digest_after);
  const HostEdit second = prepare_edit(host.sources, SaveTo::project, true, "files.pythonhosted.org");
  CHECK(second.digest_before == first.digest_after);
  write_edit(host.sources, second);
  CHECK(host.load().project_digest == second.digest_after);
}

TEST_CASE("a configuration with mistakes is left untouched") {
  const Host host;
  const auto file = host.user("[network\nallow_hosts = []\n");
  CHECK(refusal(host, SaveTo::user, true, "a.example") == support::ExitCode::usage);
  CHECK(content(file) == "[network\nallow_hosts = []\n");
}

TEST_CASE("a block stands against an allow, whoever wrote it") {
  const Host host;
  host.system("[network]\nblock_hosts = [\"*.tracker.example\"]\n");
  CHECK(refusal(host, SaveTo::user, true, "a.tracker.example") == support::ExitCode::refused);
  CHECK(refusal(host, SaveTo::user, true, "tracker.example") == std::nullopt);
  CHECK(refusal(host, SaveTo::user, true, "*.com") == support::ExitCode::usage);
  CHECK(refusal(host, SaveTo::user, false, "a.example:80") == support::ExitCode::usage);
}

TEST_CASE("somebody else's change in the meantime is not lost") {
  const Host host;
  const auto file = host.user("[limits]\npids = 100\n");
  const HostEdit edit = prepare_edit(host.sources, SaveTo::user, true, "a.example");
  host.user("[limits]\npids = 200\n");
  CHECK_THROWS_AS(write_edit(host.sources, edit), support::Error);
  CHECK(content(file) == "[limits]\npids = 200\n");
}

TEST_CASE("links in a workspace are not followed") {
  const Host host;
  const auto victim = host.folder().write("victim/config.toml", "[limits]\npids = 100\n");
  std::filesystem::create_symlink(victim.parent_path(), host.sources.workspace / ".agentbox");
  CHECK(refusal(host, SaveTo::project, true, "a.example") != std::nullopt);
  std::filesystem::remove(host.sources.workspace / ".agentbox");
  const HostEdit edit = prepare_edit(host.sources, SaveTo::project, true, "a.example");
  std::filesystem::create_symlink(victim.parent_path(), host.sources.workspace / ".agentbox");
  CHECK_THROWS_AS(write_edit(host.sources, edit), support::Error);
  CHECK(content(victim) == "[limits]\npids = 100\n");
}
