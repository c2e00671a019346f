// SPDX-License-Identifier: Apache-2.0
// What the administrator locked cannot be broadened by anybody else.
#include <filesystem>
#include <unistd.h>

#include "config/locked.hpp"
#include "fixture.hpp"
#include "support/error.hpp"

namespace config = agentbox::config;
namespace policy = agentbox::policy;
using agentbox::tests::Host;
namespace fs = std::filesystem;

namespace {

std::string lock(const std::string& key) {
  return "[locked]\nkeys = ['" + key + "']\n";
}

/// Checks that the only mistake is that `key`, locked in the administrator's file, was broadened in `where`.
void check_refused(const Host& host, const std::string& key, const std::string& where) {
  const policy::Diagnostic mistake = host.mistakes().front();
  CHECK(mistake.where == where);
  CHECK(
      mistake.message.starts_with("the administrator locked " + key + " (" + host.sources.system_file->string() + ":"));
}

} // namespace

TEST_CASE("a user's file cannot broaden a locked key, and may tighten it") {
  const std::vector<std::tuple<std::string, std::string, std::string>> cases = {
      {"network.allow_hosts", "[network]\nallow_hosts = ['pypi.org']\n", "[network]\nblock_hosts = ['chatgpt.com']\n"},
      {"network.allow_hosts", "[build]\nallow_hosts = ['pypi.org']\n", "[limits]\npids = 1000\n"},
      {"network.allow_private", "[network]\nallow_private = ['api.openai.com']\n",
       "[network]\nallow_hosts = ['a.org']\n"},
      {"network.max_upload", "[network]\nmax_upload = '2MB'\n", "[network]\nmax_upload = '1kB'\n"},
      {"network", "[network]\nupstream_proxy = 'proxy.example.com:3128'\n", "[limits]\nmemory = '64GB'\n"},
      {"limits", "[limits]\npids = 1000\n", "[limits]\npids = 100\n"},
      {"limits.cpus", "[limits]\ncpus = 3\n", "[limits]\ncpus = 1\n"},
      {"mask", "[mask]\nexcept = ['.env']\n", "[mask]\npaths = ['more']\n"},
      {"protect", "[protect]\nexcept = ['.husky']\n", "[protect]\npaths = ['ci']\n"},
      {"env", "[env]\nNAME = 'value'\n", "[limits]\npids = 1000\n"},
      {"agents", "[agents.codex]\nprompt = ['other']\n", "[agent]\ndefault = 'claude'\n"},
      {"image.base", "[image]\nbase = 'example.com/image'\n", "[toolkits]\nselected = ['python']\n"},
      {"verify", "[verify]\non_start = false\n", "[verify]\non_start = true\n"},
  };
  for (const auto& [key, broadening, tightening] : cases) {
    INFO(key);
    const Host host;
    host.system(lock(key) + "[limits]\ncpus = 2\n[network]\nmax_upload = '1MB'\n[verify]\non_start = true\n");
    const fs::path file = host.user(tightening);
    host.load();
    host.user(broadening);
    check_refused(host, key, file.string());
  }
}

TEST_CASE("the command line cannot broaden a locked key") {
  const std::vector<std::pair<std::string, void (*)(config::Overrides&)>> cases = {
      {"network.allow_hosts", [](config::Overrides& line) { line.allow = {"pypi.org"}; }},
      {"network.allow_hosts", [](config::Overrides& line) { line.full_network = true; }},
      {"mounts", [](config::Overrides& line) { line.mounts = {"/usr/share:/mnt/share:ro"}; }},
      {"publish", [](config::Overrides& line) { line.publish = {"8080:80"}; }},
      {"limits.pids", [](config::Overrides& line) { line.pids = "1000"; }},
      {"env", [](config::Overrides& line) { line.env["NAME"] = "value"; }},
      {"ca_bundle", [](config::Overrides& line) { line.ca_bundle = "ca.pem"; }},
  };
  for (const auto& [key, set] : cases) {
    INFO(key);
    Host host;
    host.directory().write("home/project/ca.pem", "-----BEGIN CERTIFICATE-----\n");
    host.system(lock(key));
    host.overrides.agent = "claude";
    host.overrides.run.kind = policy::Run::Kind::prompt;
    host.overrides.run.prompt = "work";
    host.load();
    set(host.overrides);
    check_refused(host, key, "the command line");
    host.system("");
    host.load();
  }
}

TEST_CASE("a project's file cannot broaden a locked key, trusted or not") {
  const Host host;
  host.system(lock("network.allow_hosts") + "[network]\nallow_hosts = ['pypi.org']\n");
  const fs::path file = host.project("[network]\nallow_hosts = ['pypi.org', 'files.pythonhosted.org']\n");
  check_refused(host, "network.allow_hosts", file.string());
  host.project("[network]\nallow_hosts = ['pypi.org']\n"); // has it already
  CHECK(host.load().project_broadens.empty());
}

TEST_CASE("a lock that would lock nothing is a mistake") {
  const Host host;
  host.system(lock("network.allow_host"));
  CHECK(host.mistake().message == "\"network.allow_host\" cannot be locked, did you mean \"network.allow_hosts\"?");
}

TEST_CASE("only the administrator locks") {
  for (const auto write : {&Host::user, &Host::project}) {
    const Host host;
    (host.*write)(lock("mounts"));
    CHECK(host.mistake().message == "only the administrator's configuration can lock keys");
  }
}

TEST_CASE("an administrator's file that others can write is refused") {
  Host host;
  const fs::path config = host.system("[network]\nallow_file = 'hosts'\n");
  const fs::path hosts = host.directory().write("etc/hosts", "pypi.org\n");
  host.load();
  for (const fs::path& file : {config, hosts}) {
    for (const fs::perms writable : {fs::perms::group_write, fs::perms::others_write}) {
      fs::permissions(file, writable, fs::perm_options::add);
      CHECK(host.mistake().where == file.string());
      fs::permissions(file, writable, fs::perm_options::remove);
    }
  }
  host.load();
  host.sources.system_owner = getuid() + 1;
  CHECK(host.mistakes().size() == 2);
}

TEST_CASE("hosts cannot be allowed for a running box when their list is locked") {
  const Host host;
  host.system(lock("mounts"));
  config::require_unlocked_hosts(host.sources);
  for (const char* key : {"network", "network.allow_hosts"}) {
    host.system(lock(key));
    CHECK_THROWS_AS(config::require_unlocked_hosts(host.sources), agentbox::support::Error);
  }
}
