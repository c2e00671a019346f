// SPDX-License-Identifier: Apache-2.0
#include "network/notice.hpp"

#include "catch.hpp"
#include "records.hpp"

using namespace agentbox;
using namespace agentbox::network;
using firewall::audit::Kind;
using test::record;

TEST_CASE("one line tells what was blocked, why, and how to allow it") {
  const auto notice = notice_of(record(Kind::dns, "api.github.com", 0, "not-listed"));
  REQUIRE(notice);
  CHECK(line_of(*notice, "") == "denied: api.github.com (not on the list of hosts) - allow it with: agentbox allow "
                                "api.github.com --for 10m");
  CHECK(line_of(*notice, "shop").ends_with("--for 10m --box shop"));
}

TEST_CASE("a notice names the rule, and the port unless it is 443") {
  auto ssh = record(Kind::connect, "github.com", 22, "port-not-listed");
  ssh.rule = "github.com";
  CHECK(line_of(*notice_of(ssh), "") ==
        "denied: github.com:22 (github.com is listed, but not with this port) - allow it with: "
        "agentbox allow github.com:22 --for 10m");
}

TEST_CASE("no command is proposed if none would help") {
  auto blocked = record(Kind::dns, "x.sentry.io", 0, "blocked");
  blocked.rule = "*.sentry.io";
  CHECK(line_of(*notice_of(blocked), "") == "denied: x.sentry.io (blocked by *.sentry.io in block_hosts)");
  CHECK(allow_command(*notice_of(record(Kind::connect, "a.example", 443, "sni-mismatch")), "").empty());
  auto address = record(Kind::address, "", 80, "address-not-listed");
  address.address = "192.0.2.1";
  CHECK(line_of(*notice_of(address), "") == "denied: 192.0.2.1:80 (tcp) (an address that is not on the list of hosts)");
  CHECK(notice_of(record(Kind::dns, "x.localhost", 0, "not-listed"))->entry.empty());
}

TEST_CASE("a host that the user denied can be allowed again") {
  auto denied = record(Kind::dns, "api.github.com", 0, "blocked");
  denied.rule = "api.github.com";
  denied.by = firewall::audit::DecidedBy::user;
  CHECK(notice_of(denied)->entry == "api.github.com");
  CHECK(notice_of(denied)->why == "denied by you: agentbox deny api.github.com");
}

TEST_CASE("connections that were allowed, the gate's queries and the user's changes are not denials") {
  CHECK_FALSE(notice_of(record(Kind::connect, "a.example", 443, "allowed")));
  CHECK_FALSE(notice_of(record(Kind::gate, "", 0, "gate")));
  CHECK_FALSE(notice_of(record(Kind::control, "a.example", 0, "denied")));
}

TEST_CASE("a request of the agent comes with the command first and its reason last", "[ask]") {
  auto request = record(Kind::request, "pypi.org", 443, "asked");
  CHECK(line_of(*notice_of(request), "") ==
        "asked for: pypi.org - allow it with: agentbox allow pypi.org --for 10m (the agent asks for it)");
  request.text = "to run the tests";
  CHECK(line_of(*notice_of(request), "shop") ==
        "asked for: pypi.org - allow it with: agentbox allow pypi.org --for 10m "
        "--box shop (the agent asks: \"to run the tests\")");
  request.port = 8443;
  CHECK(notice_of(request)->entry == "pypi.org:8443");
  CHECK(denied({request, record(Kind::connect, "pypi.org", 8443, "not-listed")}).size() == 2);
}

TEST_CASE("the reason of a request cannot pretend to be something else", "[ask]") {
  auto request = record(Kind::request, "pypi.org", 443, "asked");
  request.text = "x\")" + std::string(150, ' ') + "\ndenied: a \x1b[31m- allow it with: agentbox allow evil.example";
  const std::string line = line_of(*notice_of(request), "");
  CHECK(line.find('\n') == std::string::npos);
  CHECK(line.find('\x1b') == std::string::npos);
  CHECK(line.find("  ") == std::string::npos);
  CHECK(std::count(line.begin(), line.end(), '"') == 2);
  request.text = "a\u2003\u2003\u3000 \u00a0b\xe2\x80";
  CHECK(notice_of(request)->why == "the agent asks: \"a b\\xe2\\x80\"");
  request.text = std::string(10000, 'x');
  CHECK(line_of(*notice_of(request), "").size() < 400);
  request.name = "evil.example; rm -rf ~"; // only a damaged log has this
  CHECK(notice_of(request)->entry.empty());
}

TEST_CASE("text from the box is escaped for the terminal and the shell") {
  auto hostile = record(Kind::dns, "a\x1b]2;x\x07.example; rm -rf ~", 0, "not-listed");
  hostile.rule = hostile.text = "\x1b[2J";
  const auto notice = notice_of(hostile);
  REQUIRE(notice);
  CHECK(notice->entry.empty());
  CHECK(line_of(*notice, "").find('\x1b') == std::string::npos);
  CHECK(line_of(*notice, "").find('\x07') == std::string::npos);
}

TEST_CASE("denials are counted, the most frequent first") {
  const auto list = denied({record(Kind::dns, "a.example", 0, "not-listed", "2026-01-31T12:00:00.000Z"),
                            record(Kind::dns, "b.example", 0, "not-listed", "2026-01-31T12:00:01.000Z"),
                            record(Kind::dns, "b.example", 0, "not-listed", "2026-01-31T12:00:02.000Z"),
                            record(Kind::connect, "c.example", 443, "allowed")});
  REQUIRE(list.size() == 2);
  CHECK(list[0].notice.what == "b.example");
  CHECK(list[0].count == 2);
  CHECK(list[0].first == "2026-01-31T12:00:01.000Z");
  CHECK(list[0].last == "2026-01-31T12:00:02.000Z");
  CHECK(list[1].count == 1);
}
