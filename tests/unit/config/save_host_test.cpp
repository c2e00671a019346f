// SPDX-License-Identifier: Apache-2.0
#include "config/save_host.hpp"

#include <algorithm>
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

bool has_host(const std::vector<policy::HostEntry>& list, const std::string& text) {
  return std::any_of(list.begin(), list.end(), [&](const policy::HostEntry& entry) { return entry.text() == text; });
}

std::optional<support::ExitCode> refusal(const Host& host, LayerKind kind, bool allow, const std::string& entry) {
  try {
    prepare_edit(host.sources, kind, allow, {entry});
  } catch (const support::Error& error) {
    return error.code();
  }
  return std::nullopt;
}

} // namespace

TEST_CASE("a host is saved next to the user's configuration, which does not change") {
  const Host host;
  const auto config = host.user("# mine\n[limits]\npids = 100 # few\n");
  const auto saved = config.parent_path() / "saved-hosts.txt";
  write_edit(host.sources, prepare_edit(host.sources, LayerKind::user, true, {"API.github.com:443"}));
  CHECK(content(config) == "# mine\n[limits]\npids = 100 # few\n");
  CHECK(content(saved) == "allow api.github.com\n");
  host.directory().write("home/.config/agentbox/saved-hosts.txt", "allow api.github.com # for gh");
  const HostEdit again = prepare_edit(host.sources, LayerKind::user, true, {"api.github.com"});
  CHECK(again.before == again.after);
  write_edit(host.sources, prepare_edit(host.sources, LayerKind::user, false, {"*.zip"}));
  CHECK(content(saved) == "allow api.github.com # for gh\ndeny *.zip\n");
  const auto loaded = host.load();
  CHECK(has_host(loaded.fields.egress.allow, "api.github.com"));
  CHECK(loaded.fields.egress.block.front().text() == "*.zip");
  CHECK(std::distance(std::filesystem::directory_iterator(config.parent_path()), {}) == 2);
}

TEST_CASE("a host of config.toml is not saved again") {
  const Host host;
  host.user("[network]\nallow_hosts = [\"a.example\"]\nblock_hosts = [\"b.example\"]\n");
  for (const auto& [allow, entry] : {std::pair{true, "a.example"}, std::pair{false, "b.example"}}) {
    const HostEdit edit = prepare_edit(host.sources, LayerKind::user, allow, {entry});
    CHECK(edit.before == edit.after);
  }
}

TEST_CASE("a link from the user's saved hosts to a file elsewhere is followed") {
  const Host host;
  write_edit(host.sources, prepare_edit(host.sources, LayerKind::user, false, {"*.zip"}));
  const auto saved = host.sources.user_file->parent_path() / "saved-hosts.txt";
  std::filesystem::rename(saved, host.sources.home / "dotfile");
  std::filesystem::create_symlink(host.sources.home / "dotfile", saved);
  write_edit(host.sources, prepare_edit(host.sources, LayerKind::user, true, {"a.example"}));
  CHECK(std::filesystem::is_symlink(saved));
  CHECK(content(host.sources.home / "dotfile") == "deny *.zip\nallow a.example\n");
}

TEST_CASE("a damaged saved-hosts.txt is a mistake with its line") {
  const Host host;
  host.directory().write("home/.config/agentbox/saved-hosts.txt", "# comment\n\nallow a.example\npermit b.example\n");
  const policy::Diagnostic mistake = host.mistake();
  CHECK(mistake.where.ends_with("saved-hosts.txt:4"));
  CHECK(mistake.message.find("is not a saved host") != std::string::npos);
}

TEST_CASE("saved hosts of a project broaden the box, and are part of what the user agrees to") {
  const Host host;
  const auto file = host.directory().write("home/project/.agentbox/saved-hosts.txt", "allow a.example\n");
  const auto loaded = host.load();
  CHECK(loaded.project_file == file);
  REQUIRE(loaded.project_broadens.size() == 1);
  CHECK(loaded.project_text.find("allow a.example") != std::string::npos);
  host.project("[limits]\npids = 100\n");
  CHECK(host.load().project_digest != loaded.project_digest);
}

TEST_CASE("the project's saved hosts are created, with the digest of what the user agrees to") {
  const Host host;
  const HostEdit first = prepare_edit(host.sources, LayerKind::project, true, {"pypi.org"});
  CHECK(first.digest_before.empty());
  write_edit(host.sources, first);
  CHECK(host.load().project_digest == first.digest_after);
  const HostEdit second = prepare_edit(host.sources, LayerKind::project, true, {"files.pythonhosted.org"});
  CHECK(second.digest_before == first.digest_after);
  write_edit(host.sources, second);
  CHECK(host.load().project_digest == second.digest_after);
}

TEST_CASE("a configuration with mistakes is left untouched") {
  const Host host;
  const auto file = host.user("[network\nallow_hosts = []\n");
  CHECK(refusal(host, LayerKind::user, true, "a.example") == support::ExitCode::usage);
  CHECK(content(file) == "[network\nallow_hosts = []\n");
}

TEST_CASE("a blocked host is not saved as allowed, whoever blocked it") {
  const Host host;
  host.system("[network]\nblock_hosts = [\"*.tracker.example\"]\n");
  CHECK(refusal(host, LayerKind::user, true, "a.tracker.example") == support::ExitCode::refused);
  CHECK(refusal(host, LayerKind::user, true, "tracker.example") == std::nullopt);
  CHECK(refusal(host, LayerKind::user, true, "*.com") == support::ExitCode::usage);
  CHECK(refusal(host, LayerKind::user, false, "a.example:80") == support::ExitCode::usage);
}

TEST_CASE("a concurrent change by another process is not lost") {
  const Host host;
  const HostEdit edit = prepare_edit(host.sources, LayerKind::user, true, {"a.example"});
  const auto file = host.directory().write("home/.config/agentbox/saved-hosts.txt", "allow b.example\n");
  CHECK_THROWS_AS(write_edit(host.sources, edit), support::Error);
  CHECK(content(file) == "allow b.example\n");
}

TEST_CASE("links in a workspace are not followed") {
  const Host host;
  const auto victim = host.directory().write("victim/saved-hosts.txt", "allow v.example\n");
  std::filesystem::create_symlink(victim.parent_path(), host.sources.workspace / ".agentbox");
  CHECK(refusal(host, LayerKind::project, true, "a.example") != std::nullopt);
  std::filesystem::remove(host.sources.workspace / ".agentbox");
  const HostEdit edit = prepare_edit(host.sources, LayerKind::project, true, {"a.example"});
  std::filesystem::create_symlink(victim.parent_path(), host.sources.workspace / ".agentbox");
  CHECK_THROWS_AS(write_edit(host.sources, edit), support::Error);
  CHECK(content(victim) == "allow v.example\n");
}
