// SPDX-License-Identifier: Apache-2.0
#include "firewall/serve/serve_options.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "support/error.hpp"

namespace agentbox::firewall::serve {
namespace {

FirewallOptions parse(const std::vector<const char*>& words) {
  return parse_options(words);
}

int code(const std::vector<const char*>& words) {
  try {
    parse(words);
    return 0;
  } catch (const support::Error& error) {
    CHECK_FALSE(error.hint().empty());
    return static_cast<int>(error.code());
  }
}

constexpr const char* k_nonce = "0123456789abcdef";

TEST_CASE("parses the options of serve", "[options]") {
  const FirewallOptions defaults = parse({"serve", "--box", "my-box", "--nonce", k_nonce});
  CHECK(defaults.verb == FirewallOptions::Verb::serve);
  CHECK(defaults.box == "my-box");
  CHECK(defaults.policy == "/etc/agentbox/egress.json");
  CHECK(defaults.run == "/run/agentbox");
  CHECK(defaults.audit == "/var/log/agentbox");
  CHECK(defaults.resolv_conf == "/etc/resolv.conf");
  CHECK(defaults.driver == policy::FirewallDriver::nftables);
  const FirewallOptions set = parse({"serve", "--box",     "b",       "--nonce",   k_nonce,    "--policy",  "/p",
                                     "--run", "/r",        "--audit", "/a",        "--resolv", "/d",        "--leash",
                                     "/l",    "--publish", "3000",    "--publish", "80",       "--publish", "3000"});
  CHECK(set.policy == "/p");
  CHECK(set.run == "/r");
  CHECK(set.audit == "/a");
  CHECK(set.leash == "/l");
  CHECK(defaults.leash.empty());
  CHECK(set.resolv_conf == "/d");
  CHECK(set.published == std::vector<std::uint16_t>{80, 3000});
  CHECK_FALSE(set.host_address);
  CHECK(parse({"lock", "--host", "169.254.1.3"}).host_address == policy::parse_address("169.254.1.3"));
  CHECK(code({"lock", "--host", "host"}) == 2);
}

TEST_CASE("other commands need fewer options", "[options]") {
  CHECK(parse({"lock"}).verb == FirewallOptions::Verb::lock);
  CHECK(parse({"ready", "--nonce", "0123456789abcdef"}).verb == FirewallOptions::Verb::ready);
  CHECK_THROWS_AS(parse({"ready"}), support::Error);
  CHECK(parse({"ready", "--nonce", k_nonce}).verb == FirewallOptions::Verb::ready);
  CHECK(code({"ready"}) == 2);
  CHECK(parse({"ruleset", "--policy", "x"}).verb == FirewallOptions::Verb::ruleset);
  CHECK(parse({"--version"}).verb == FirewallOptions::Verb::version);
  CHECK(parse({"--help"}).verb == FirewallOptions::Verb::help);
}

TEST_CASE("mistakes on the command line are usage errors", "[options]") {
  CHECK(code({}) == 2);
  CHECK(code({"server"}) == 2);
  CHECK(code({"serve"}) == 2);
  CHECK(code({"serve", "--box", "b"}) == 2);
  CHECK(code({"serve", "--nonce", k_nonce}) == 2);
  CHECK(code({"serve", "--box"}) == 2);
  CHECK(code({"serve", "--bax", "b"}) == 2);
  for (const char* box : {"", "../x", "a b", "-a", "A", "a/b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    INFO(box);
    CHECK(code({"serve", "--nonce", k_nonce, "--box", box}) == 2);
  }
  for (const char* nonce : {"", "abc", "0123456789ABCDEF", "0123456789abcdeg"}) {
    INFO(nonce);
    CHECK(code({"serve", "--box", "b", "--nonce", nonce}) == 2);
  }
  for (const char* port : {"0", "65536", "-1", "80x", ""}) {
    INFO(port);
    CHECK(code({"serve", "--box", "b", "--nonce", k_nonce, "--publish", port}) == 2);
  }
  CHECK(code({"serve", "--box", "b", "--nonce", k_nonce, "--driver", "pf"}) == 2);
}

} // namespace
} // namespace agentbox::firewall::serve
