// SPDX-License-Identifier: Apache-2.0
#include "firewall/control/controller.hpp"

#include <new>
#include <string>
#include <vector>

#include "catch.hpp"

namespace agentbox::firewall::control {
namespace {

using std::chrono::seconds;
using Verdict = policy::EgressDecision::Verdict;

policy::EgressPolicy sample() {
  policy::EgressPolicy policy;
  policy.allow = {{{"api.example.com", false}, 443}};
  policy.block = {{"bad.example", false}, {"tracker.example", true}};
  return policy;
}

/// A controller, with its records and its calls of `changed`.
struct Rig {
  names::Directory directory{sample()};
  std::vector<audit::AuditRecord> records;
  int changes = 0;
  bool disk_full = false;
  Controller controller{directory,
                        [this](audit::AuditRecord record) {
                          records.push_back(std::move(record));
                          return !disk_full;
                        },
                        [this] { ++changes; }};
  Controller::Clock::time_point now = Controller::Clock::now();

  ControlReply allow(const std::string& host, std::uint32_t for_seconds = 0) {
    return controller.handle({ControlRequest::Verb::allow, host, for_seconds}, now);
  }
  ControlReply deny(const std::string& host, std::uint32_t for_seconds = 0) {
    return controller.handle({ControlRequest::Verb::deny, host, for_seconds}, now);
  }
  Verdict verdict(const std::string& host, std::uint16_t port = 443) { return directory.decide(host, port).verdict; }
  bool resolves(const std::string& host) {
    return directory.look_up(host, names::AddressPool::Clock::now()).decision.allowed();
  }
};

TEST_CASE("a grant allows one host and port, and is recorded", "[control]") {
  Rig rig;
  CHECK(rig.verdict("api.github.com") == Verdict::not_listed);
  CHECK_FALSE(rig.resolves("api.github.com"));
  CHECK(rig.allow("API.github.com").ok);
  CHECK(rig.verdict("api.github.com") == Verdict::allowed);
  CHECK(rig.resolves("api.github.com"));
  CHECK(rig.verdict("api.github.com", 22) == Verdict::not_listed);
  CHECK(rig.verdict("api.github.com", 0) == Verdict::not_listed);
  CHECK(rig.verdict("x.api.github.com") == Verdict::not_listed);
  CHECK(rig.changes == 1);
  REQUIRE(rig.records.size() == 1);
  CHECK(rig.records[0].kind == audit::Kind::control);
  CHECK(rig.records[0].verdict == audit::Verdict::allow);
  CHECK(rig.records[0].reason == audit::Reason::granted);
  CHECK(rig.records[0].name == "api.github.com");
  CHECK(rig.records[0].port == 443);
  CHECK(rig.directory.decide("api.github.com", 443).rule == "api.github.com");
}

TEST_CASE("a grant expires even if expire() is not called", "[control]") {
  Rig rig;
  rig.now = Controller::Clock::now() - seconds(601);
  CHECK(rig.allow("api.github.com", 600).ok);
  CHECK(rig.verdict("api.github.com") == Verdict::not_listed);
  rig.controller.expire(Controller::Clock::now());
  CHECK_FALSE(rig.controller.until_next_expiry(Controller::Clock::now()));
  CHECK(rig.changes == 2);
  CHECK(rig.records.back().reason == audit::Reason::expired);
  CHECK(rig.records.back().verdict == audit::Verdict::deny);
  rig.now = Controller::Clock::now();
  CHECK(rig.allow("api.github.com", 600).ok);
  rig.controller.expire(Controller::Clock::now());
  CHECK(rig.verdict("api.github.com") == Verdict::allowed);
  const auto left = rig.controller.until_next_expiry(rig.now);
  REQUIRE(left);
  CHECK(*left == seconds(600));
}

TEST_CASE("open connections are checked again even if an expiry cannot be recorded", "[control]") {
  Rig rig;
  CHECK(rig.allow("api.github.com", 600).ok);
  int changes = 0;
  Controller failing(
      rig.directory, [](const audit::AuditRecord&) -> bool { throw std::bad_alloc(); }, [&] { ++changes; });
  CHECK_THROWS_AS(failing.expire(rig.now + seconds(601)), std::bad_alloc);
  CHECK(changes == 1);
}

TEST_CASE("a grant cannot override a block or widen the rules", "[control]") {
  Rig rig;
  for (const char* host : {"bad.example", "a.tracker.example", "*.tracker.example", "*.a.tracker.example:80"}) {
    CAPTURE(host);
    const ControlReply reply = rig.allow(host);
    CHECK_FALSE(reply.ok);
    CHECK(reply.message.find("blocked by") != std::string::npos);
  }
  for (const char* host : {"*", "*.com", "192.0.2.1", "[::1]:80", "127.1", "localhost", "x.agentbox.internal", "",
                           "a b.example", "http://a.example/", "a.example:0", "a.example:65536"}) {
    CAPTURE(host);
    CHECK_FALSE(rig.allow(host).ok);
  }
  CHECK(rig.records.empty());
  CHECK(rig.changes == 0);
  CHECK(rig.allow("tracker.example").ok); // "*.tracker.example" is below it
  CHECK(rig.allow("*.example").ok == false);
}

TEST_CASE("a block wins over a wildcard that was granted", "[control]") {
  Rig rig;
  CHECK(rig.allow("*.example.net").ok);
  CHECK(rig.verdict("a.example.net") == Verdict::allowed);
  Rig other;
  policy::EgressPolicy policy = sample();
  policy.block.push_back({"a.example.net", false});
  names::Directory directory(policy);
  directory.live().add({{"example.net", true}, 443, true, {}});
  CHECK(directory.decide("b.example.net", 443).allowed());
  CHECK(directory.decide("a.example.net", 443).verdict == Verdict::blocked);
}

TEST_CASE("the developer's own machine cannot be granted, by name or wildcard", "[control]") {
  Rig rig;
  CHECK_FALSE(rig.allow("host.containers.internal:11434").ok);
  CHECK(rig.allow("*.containers.internal:11434").ok);
  CHECK(rig.verdict("other.containers.internal", 11434) == Verdict::allowed);
  CHECK(rig.verdict("host.containers.internal", 11434) != Verdict::allowed);
  CHECK_FALSE(rig.resolves("host.containers.internal"));
}

TEST_CASE("a denial overrides the list and can be taken back", "[control]") {
  Rig rig;
  CHECK(rig.deny("api.example.com").ok);
  CHECK(rig.verdict("api.example.com") == Verdict::blocked);
  CHECK_FALSE(rig.resolves("api.example.com"));
  CHECK(rig.records.back().verdict == audit::Verdict::deny);
  CHECK(rig.allow("api.example.com").ok);
  CHECK(rig.verdict("api.example.com") == Verdict::allowed);
  CHECK(rig.changes == 2);
  CHECK(rig.allow("api.example.com").message.find("already") != std::string::npos);
  CHECK(rig.changes == 2);
}

TEST_CASE("a denial of one port leaves the others, and a timed one expires", "[control]") {
  Rig rig;
  CHECK(rig.allow("git.example.com:22").ok);
  CHECK(rig.allow("git.example.com").ok);
  CHECK(rig.deny("git.example.com:22", 600).ok);
  CHECK(rig.verdict("git.example.com", 22) == Verdict::blocked);
  CHECK(rig.verdict("git.example.com", 443) == Verdict::allowed);
  CHECK(rig.resolves("git.example.com"));
  CHECK(rig.deny("api.example.com", 600).ok);
  rig.controller.expire(rig.now + seconds(601));
  CHECK(rig.verdict("api.example.com") == Verdict::allowed);
}

TEST_CASE("a wider denial is not taken back by a narrower grant", "[control]") {
  Rig rig;
  CHECK(rig.deny("*.example.com").ok);
  const ControlReply reply = rig.allow("api.example.com");
  CHECK_FALSE(reply.ok);
  CHECK(reply.hint.find("agentbox allow '*.example.com'") != std::string::npos);
  CHECK(rig.verdict("api.example.com") == Verdict::blocked);
  CHECK(rig.deny("*.dev").ok); // a whole top-level domain, as in block_hosts
  CHECK_FALSE(rig.allow("a.dev").ok);
}

TEST_CASE("a change that cannot be recorded is not made", "[control]") {
  Rig rig;
  rig.disk_full = true;
  CHECK_FALSE(rig.allow("api.github.com").ok);
  CHECK_FALSE(rig.deny("api.example.com").ok);
  CHECK(rig.verdict("api.github.com") == Verdict::not_listed);
  CHECK(rig.verdict("api.example.com") == Verdict::allowed);
  CHECK(rig.changes == 0);
}

TEST_CASE("the number of changes is limited, and a repeated one is not counted twice", "[control]") {
  Rig rig;
  for (int i = 0; i < 1000; ++i) {
    CHECK(rig.allow("same.example.org", 60).ok);
  }
  CHECK(rig.directory.live().changes().size() == 1);
  bool ok = true;
  for (int i = 0; i < 1000 && ok; ++i) {
    ok = rig.allow("n" + std::to_string(i) + ".example.org").ok;
  }
  CHECK_FALSE(ok);
  CHECK(rig.directory.live().changes().size() == names::LiveList::k_max);
}

} // namespace
} // namespace agentbox::firewall::control
