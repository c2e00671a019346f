// SPDX-License-Identifier: Apache-2.0
#include "config/config_layer.hpp"

#include <algorithm>

#include "catch.hpp"

namespace config = agentbox::config;
namespace policy = agentbox::policy;
using config::LayerKind;
using policy::Diagnostic;
using policy::Diagnostics;

namespace {

config::ConfigLayer good(std::string_view text, LayerKind kind = LayerKind::user) {
  Diagnostics diagnostics;
  config::ConfigLayer layer = config::parse_layer(text, "/c.toml", kind, diagnostics);
  for (const Diagnostic& diagnostic : diagnostics) {
    FAIL_CHECK(diagnostic.where << " " << diagnostic.message);
  }
  return layer;
}

Diagnostics bad(std::string_view text, LayerKind kind = LayerKind::user) {
  Diagnostics diagnostics;
  config::parse_layer(text, "/c.toml", kind, diagnostics);
  return diagnostics;
}

} // namespace

TEST_CASE("every key is read") {
  const config::ConfigLayer layer = good(R"(
ca_bundle = "/etc/ca.pem"

[network]
allow_hosts = ["registry.npmjs.org", "github.com:22", "*.example.com"]
block_hosts = ["*.zip", "bad.example.com"]
allow_file = "hosts.txt"
allow_private = ["intra.example.com"]
allow_ech = ["ech.example.com"]
default_hosts = false
virtual_range = "10.9.0.0/16"
driver = "iptables"

[agent]
default = "last_used"

[toolkits]
selected = ["python", "web"]

[agents.mine]
command = ["mine", "--yes"]
prompt = ["mine", "-p"]
env = { MINE_QUIET = "1" }
auth = [".mine"]

[[mounts]]
source = "~/data"
destination = "/mnt/data"
read_only = true

[limits]
pids = 1024
memory = "2GB"
cpus = 1.5
shm = 67108864
tmp = "1g"
open_files = 4096

[image]
base = "fedora:41"

[verify]
on_start = true

[protect]
paths = ["Makefile"]
except = [".husky"]

[mask]
paths = ["secrets"]
except = [".env"]

[env]
EDITOR = "vi"
)");
  CHECK(layer.allow.size() == 3);
  CHECK(std::get<policy::HostEntry>(layer.allow[1].value).text() == "github.com:22");
  CHECK(layer.allow[1].where == "/c.toml:5:38");
  CHECK(layer.block.size() == 2);
  CHECK(layer.allow_file->value == "hosts.txt");
  CHECK(layer.allow_private.size() == 1);
  CHECK(layer.allow_ech.size() == 1);
  CHECK_FALSE(layer.default_hosts);
  CHECK(layer.virtual_range->text() == "10.9.0.0/16");
  CHECK(layer.driver == policy::FirewallDriver::iptables);
  CHECK(layer.default_agent->value == "last_used");
  CHECK(layer.toolkits.size() == 2);
  REQUIRE(layer.agents.contains("mine"));
  CHECK(layer.agents.at("mine").command == std::vector<std::string>{"mine", "--yes"});
  CHECK(layer.agents.at("mine").prompt == std::vector<std::string>{"mine", "-p"});
  CHECK(layer.agents.at("mine").env.at("MINE_QUIET") == "1");
  CHECK(layer.agents.at("mine").auth == std::vector<std::string>{".mine"});
  REQUIRE(layer.mounts.size() == 1);
  CHECK(layer.mounts[0].value == config::MountText{"~/data", "/mnt/data", true});
  CHECK(layer.mounts[0].where == "/c.toml:26:1");
  CHECK(layer.limits.pids == 1024);
  CHECK(layer.limits.memory_bytes == 2ULL << 30U);
  CHECK(layer.limits.cpu_millis == 1500);
  CHECK(layer.limits.shm_bytes == 67108864);
  CHECK(layer.limits.tmp_bytes == 1ULL << 30U);
  CHECK(layer.limits.open_files == 4096);
  CHECK(layer.base->value == "fedora:41");
  CHECK(layer.protect[0].value == "Makefile");
  CHECK(layer.verify_on_start == true);
  CHECK(layer.protect_except[0].value == ".husky");
  CHECK(layer.mask[0].value == "secrets");
  CHECK(layer.mask_except[0].value == ".env");
  CHECK(layer.env.at("EDITOR").value == "vi");
  CHECK(layer.ca_bundle->value == "/etc/ca.pem");
}

TEST_CASE("services, upload limits and an upstream proxy are read, and merged with the other settings") {
  const config::ConfigLayer layer = good(R"([network]
allow_hosts = ["10.0.0.5:5432", "host:11434", "github.com:22"]
max_upload = "50MB"
upload_limits."paste.example.com" = "1K"
upstream_proxy = "http://proxy.example.com:3128/"
)");
  REQUIRE(layer.allow.size() == 3);
  CHECK(std::get<policy::AddressEntry>(layer.allow[0].value).text() == "10.0.0.5:5432");
  CHECK(std::get<policy::HostPort>(layer.allow[1].value).port == 11434);
  CHECK(layer.max_upload == 50ULL << 20U);
  REQUIRE(layer.upload_limits.size() == 1);
  CHECK(layer.upload_limits[0].text() == "paste.example.com=1024");
  CHECK(layer.upstream_proxy->text() == "proxy.example.com:3128");
}

TEST_CASE("an empty file changes nothing") {
  const config::ConfigLayer layer = good("");
  CHECK(layer.default_hosts);
  CHECK(layer.allow.empty());
  CHECK_FALSE(layer.default_agent);
}

TEST_CASE("each mistake is reported with its position and an explanation") {
  struct Case {
    std::string text;
    std::string where;
    std::string message;
  };
  const std::vector<Case> cases = {
      {"[network]\nallow_host = []\n", "/c.toml:2:1",
       R"(unknown key "network.allow_host", did you mean "allow_hosts"?)"},
      {"[netwrk]\n", "/c.toml:1:2", R"(unknown key "netwrk", did you mean "network"?)"},
      {"nonsense = 1\n", "/c.toml:1:1", "unknown key \"nonsense\""},
      {"network = 1\n", "/c.toml:1:11", "network must be a table ([network]), not a whole number"},
      {"[network]\nallow_hosts = \"a.com\"\n", "/c.toml:2:15",
       "network.allow_hosts must be a list of strings, not a string"},
      {"[network]\nallow_hosts = [\"a.com\", 1]\n", "/c.toml:2:25", "not a whole number"},
      {"[network]\nallow_hosts = [\"a.com\",\n  \"*.com\"]\n", "/c.toml:3:3", "top-level domain"},
      {"[network]\nallow_hosts = [\"a b\"]\n", "/c.toml:2:16", "blank"},
      {"[network]\nblock_hosts = [\"a.com:443\"]\n", "/c.toml:2:16", "port"},
      {"[network]\nallow_private = [\"10.0.0.1\"]\n", "/c.toml:2:18", "IP address"},
      {"[network]\ndefault_hosts = \"no\"\n", "/c.toml:2:17", "must be true or false, not a string"},
      {"[network]\nvirtual_range = \"8.8.8.0/24\"\n", "/c.toml:2:17", "not a valid range"},
      {"[network]\ndriver = \"nftable\"\n", "/c.toml:2:10", "did you mean \"nftables\""},
      {"[limits]\npids = 1.5\n", "/c.toml:2:8", "limits.pids must be a whole number, not \"1.5\""},
      {"[limits]\npids = -1\n", "/c.toml:2:8", "not \"-1\""},
      {"[limits]\npids = 99999999999\n", "/c.toml:2:8", "not \"99999999999\""},
      {"[limits]\nmemory = \"lots\"\n", "/c.toml:2:10", R"(a size such as "512MB", not "lots")"},
      {"[limits]\nmemory = true\n", "/c.toml:2:10", "a size such as \"512MB\", not true or false"},
      {"[limits]\ncpus = inf\n", "/c.toml:2:8", "a number of CPUs"},
      {"[limits]\npid = 1\n", "/c.toml:2:1", "did you mean \"pids\""},
      {"[agent]\ndefault = 1\n", "/c.toml:2:11", "agent.default must be a string"},
      {"[agents]\nmine = \"x\"\n", "/c.toml:2:8", "agents.mine must be a table"},
      {"[agents.mine]\ncomand = []\n", "/c.toml:2:1", "did you mean \"command\""},
      {"[mounts]\nsource = \"/a\"\n", "/c.toml:1:1", "mounts must be a list of tables ([[mounts]]), not a table"},
      {"[[mounts]]\nsource = \"/a\"\n", "/c.toml:1:1", "needs a source and a destination"},
      {"[[mounts]]\nsource = \"/a\"\ndestination = \"/b\"\nreadonly = true\n", "/c.toml:4:1",
       "did you mean \"read_only\""},
      {"[env]\nA = 1\n", "/c.toml:2:5", "env.A must be a string"},
      {"a = \n", "/c.toml:1:5", "not valid TOML"},
      {"[network\n", "/c.toml:1:9", "not valid TOML"},
      {"a = 1\na = 2\n", "/c.toml:2:", "not valid TOML"},
      {"a = \"\xff\"\n", "/c.toml:1:", "not valid TOML"},
      {std::string("a\0 = 1\n", 7), "/c.toml:1:", "not valid TOML"},
      {"a = \"" + std::string(5000, 'x') + "\"\n", "/c.toml:1:1", "longer than 4096"},
  };
  for (const Case& item : cases) {
    INFO(item.text);
    const Diagnostics found = bad(item.text);
    REQUIRE_FALSE(found.empty());
    INFO(found.front().where << " " << found.front().message);
    CHECK(found.front().where.starts_with(item.where));
    CHECK(found.front().message.find(item.message) != std::string::npos);
  }
}

TEST_CASE("all mistakes of a file are found together") {
  CHECK(bad("x = 1\ny = 2\n[network]\nallow_hosts = [\"*\", \"a b\"]\n[limits]\npids = true\n").size() == 5);
}

TEST_CASE("a project's file cannot refer to host paths") {
  const std::vector<std::string> texts = {
      "ca_bundle = \"/etc/ca.pem\"\n",       "[[mounts]]\nsource = \"/\"\ndestination = \"/mnt/x\"\n",
      "[image]\nbase = \"dir:/srv/root\"\n", "[image]\nbase = \"tar:/srv/root.tar\"\n",
      "[agents.codex]\nauth = [\".ssh\"]\n",
  };
  for (const std::string& text : texts) {
    INFO(text);
    CHECK(bad(text, LayerKind::user).empty());
    const Diagnostics found = bad(text, LayerKind::project);
    REQUIRE(found.size() == 1);
    CHECK(found.front().message.find("because it refers to a host path") != std::string::npos);
  }
  Diagnostics ignored;
  const auto layer = config::parse_layer(texts[0] + texts[1], "/c.toml", LayerKind::project, ignored);
  CHECK(layer.mounts.empty());
  CHECK_FALSE(layer.ca_bundle);
}

TEST_CASE("a project's file cannot ask for logins") {
  CHECK(bad("[agent]\nauth = [\"claude\"]\n", LayerKind::user).empty());
  const Diagnostics found = bad("[agent]\nauth = [\"claude\"]\n", LayerKind::project);
  REQUIRE(found.size() == 1);
  CHECK(found.front().message.find("agent.auth") != std::string::npos);
}

TEST_CASE("deep nesting is a mistake, not a crash") {
  std::string dots;
  for (int i = 0; i < 2000; ++i) {
    dots += "a.";
  }
  CHECK_FALSE(bad("[" + dots + "a]\nx = 1\n").empty());
  CHECK_FALSE(bad("x = " + std::string(2000, '[') + std::string(2000, ']') + "\n").empty());
  std::string long_line = "[";
  for (int i = 0; i < 200000; ++i) {
    long_line += "a.";
  }
  CHECK(bad(long_line + "a]\n").front().message.find("4096") != std::string::npos);
}

TEST_CASE("input that would fail the parser's own assertions is a mistake in every build") {
  for (const std::string& text :
       {std::string("[+a]\n"), std::string("[+\x13\0r]\n", 7), std::string("[=]\n"), std::string("[+")}) {
    INFO(text);
    const Diagnostics found = bad(text);
    REQUIRE(found.size() == 1);
    CHECK(found.front().message.find("not valid TOML") != std::string::npos);
  }
}

TEST_CASE("characters outside ASCII belong in strings and comments") {
  // "@" is replaced by a character outside ASCII. The parser is never asked about one elsewhere: it would answer with
  // undefined behaviour.
  const auto with_character = [](std::string text) {
    for (auto at = text.find('@'); at != std::string::npos; at = text.find('@')) {
      text.replace(at, 1, "\xc3\xa9");
    }
    return text;
  };
  for (const char* text :
       {"@ = 1\n", "[env]\nA = \"x\"@\n", "[env]\nA = 'x' @", "[@]\n", "[env]\nA = \"\"\"x\"\"\" @",
        "[env]\nA = \"\"\"x \\\n  @\"\"\"\n", "[env]\nA = \"\\@\"\n", "[env]\nA = '''x''''@", "[env]\nA = '\\'@",
        // a bad value: the parser reads it to its end
        "a = +s/'''/@", "a = ='@'", "a = x='@'", "a = x.'@'", "a = [1, x'@']", "a = [='@']", "a = [\nx.'@']",
        "a = {b = c='@'}", "a = 'x' '@'", "a = 1\"@\"", "a = [[1], 2'@']", "a = {b = 1} '@'"}) {
    INFO(text);
    const Diagnostics found = bad(with_character(text));
    REQUIRE(found.size() == 1);
    CHECK(found.front().message.find("non-ASCII") != std::string::npos);
  }
  for (const char* text : {"# @\n", "[env]\nA = \"@\" # @", "[env]\nA = '@'\n", "[env]\nA = \"\"\"\n@\"\"\"\n",
                           "[env]\nA = '''\n@'''\n", "[env]\nA = \"\\\"@\"\n", "[env]\nA = \"\"\"\"@\"\"\"\"\n",
                           "\xEF\xBB\xBF[env]\nA = '@'\n", "env = {A = '@', B = \"@\"} # @\n",
                           "[env]\nA = '@' # @\nB = '@'\n", "[mask]\npaths = [ # @\n  '@', \"x@\",\n  '@'\n]\n"}) {
    INFO(text);
    CHECK(bad(with_character(text)).empty());
  }
}

TEST_CASE("keys and values of a hostile file are safe on a terminal") {
  for (const Diagnostic& diagnostic :
       bad("\"\\u001b]52;c;x\" = 1\n[limits]\npids = \"\\u001b[2J\"\n[\"\\u001b[31m\"]\n")) {
    CHECK(diagnostic.message.find('\x1b') == std::string::npos);
    CHECK(diagnostic.where.find('\x1b') == std::string::npos);
    CHECK(diagnostic.hint.find('\x1b') == std::string::npos);
  }
}
