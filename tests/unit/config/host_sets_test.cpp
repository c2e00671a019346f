// SPDX-License-Identifier: Apache-2.0
#include "config/host_sets.hpp"

#include <algorithm>

#include "config/trust.hpp"
#include "fixture.hpp"
#include "support/error.hpp"

using namespace agentbox;
using agentbox::tests::Host;

namespace {

/// A host with two sets.
struct WithSets : Host {
  WithSets() {
    set("one", "about = 'the first'\n[hosts]\n'one.example' = 'packages'\n'git.one.example:22' = 'clone'\n");
    set("forge", "about = 'a forge'\nnote = 'a way out'\n[hosts]\n'forge.example' = 'everything'\n");
    sources.sets = directory() / "sets";
  }
  void set(const std::string& name, std::string_view text) const { directory().write("sets/" + name + ".toml", text); }
};

std::vector<std::string> listed(const config::Loaded& loaded) {
  std::vector<std::string> texts;
  for (const policy::HostEntry& entry : loaded.fields.egress.allow) {
    if (entry.text().find("example") != std::string::npos) {
      texts.push_back(entry.text());
    }
  }
  return texts;
}

} // namespace

TEST_CASE("the installed sets are valid, and give a reason for each host") {
  const auto sets = config::read_sets(std::filesystem::path(AGENTBOX_SOURCE_DIR) / "sets");
  for (const char* name : {"crates", "debian", "github", "go", "npm", "pypi"}) {
    CHECK(std::any_of(sets.begin(), sets.end(), [&](const auto& set) { return set.name == name; }));
  }
  for (const config::HostSet& set : sets) {
    INFO(set.name);
    CHECK_FALSE(set.about.empty());
    for (const config::HostSet::Host& host : set.hosts) {
      CHECK(host.reason.size() > 3);
      CHECK_FALSE(host.entry.pattern.text().starts_with("*"));
    }
    CHECK((set.name == "github" || set.name == "gitlab") ==
          (set.note.find("data can be sent to a forge") != std::string::npos));
  }
}

TEST_CASE("a set is replaced by its hosts, in each layer and on the command line") {
  WithSets host;
  host.user("[network]\nallow_hosts = ['@one', 'other.example']\n[build]\nallow_hosts = ['@forge']\n");
  const config::Loaded loaded = host.load();
  CHECK(listed(loaded) == std::vector<std::string>{"git.one.example:22", "one.example", "other.example"});
  CHECK(loaded.preferences.build_hosts.size() == 1);
  CHECK(loaded.sets.size() == 2);
  host.user("");
  host.overrides.allow = {"@forge", "x.example"};
  CHECK(listed(host.load()) == std::vector<std::string>{"forge.example", "x.example"});
  CHECK(host.load().sets.front().note == "a way out");
}

TEST_CASE("a set that does not exist is a mistake, with a suggestion") {
  WithSets host;
  host.user("[network]\nallow_hosts = ['@forgee']\n");
  CHECK(host.mistake().message == "\"@forgee\" is not a set of hosts, did you mean \"@forge\"?");
  CHECK(host.mistake().where.find("config.toml:2:") != std::string::npos);
  for (const char* const name : {"@", "@../sets/one", "@one.toml", "@ONE"}) {
    host.user("");
    host.overrides.allow = {name};
    CHECK(host.mistake().where == "--allow");
  }
}

TEST_CASE("a block wins over a set") {
  WithSets host;
  host.user("[network]\nblock_hosts = ['one.example']\n");
  host.overrides.allow = {"@one"};
  CHECK(host.mistake().message.find("is blocked by") != std::string::npos);
}

TEST_CASE("a damaged set is refused") {
  const WithSets host;
  for (const char* text : {"about = 'x'\n", "[hosts]\n'*' = 'x'\n", "[hosts]\n'a.example' = 7\n", "[", "x = 1\n"}) {
    host.set("one", text);
    CHECK_THROWS_AS(config::read_sets(host.sources.sets), support::Error);
  }
  CHECK_THROWS_AS(config::read_sets(host.sources.sets / "missing"), support::Error);
}

TEST_CASE("a project's set broadens, and a set that grows needs a new agreement") {
  const WithSets host;
  host.project("[network]\nallow_hosts = ['@one']\n");
  const config::Loaded before = host.load();
  CHECK(before.project_broadens.size() == 2);
  CHECK(before.project_text.find("@one: git.one.example:22\n") != std::string::npos);
  CHECK(host.load().project_digest == before.project_digest);
  host.set("one", "about = 'the first'\n[hosts]\n'one.example' = 'packages'\n'evil.example' = 'x'\n");
  CHECK(host.load().project_digest != before.project_digest);
  host.project("[build]\nallow_hosts = ['@one']\n");
  CHECK(host.mistake().message.find("cannot allow hosts for the image's build") != std::string::npos);
}

TEST_CASE("a set of the user's configuration that has grown is reported once") {
  const WithSets host;
  const auto file = host.directory() / "state/host-sets.json";
  const auto since = [&] { return config::hosts_since_last_use(config::read_sets(host.sources.sets), file); };
  CHECK(since().empty());
  host.set("one", "about = 'the first'\n[hosts]\n'one.example' = 'packages'\n'new.example' = 'x'\n");
  CHECK(since() == std::vector<std::string>{"@one: new.example"});
  CHECK(since().empty());
  host.directory().write("state/host-sets.json", "damaged");
  CHECK(since().empty());
  CHECK(since().empty());
}
