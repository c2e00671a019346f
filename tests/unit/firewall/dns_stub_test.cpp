// SPDX-License-Identifier: Apache-2.0
#include "firewall/dns/stub.hpp"

#include <string>
#include <vector>

#include "bytes.hpp"
#include "catch.hpp"
#include "protocol/protocol.hpp"

namespace agentbox::firewall::dns {
namespace {

using test::dns_query;

policy::EgressPolicy sample() {
  policy::EgressPolicy policy;
  policy.allow = {
      {{"api.example.com", false}, 443}, {{"git.example.com", false}, 22}, {{"wild.example.org", true}, 443}};
  policy.block = {{"bad.wild.example.org", false}};
  return policy;
}

/// A stub with what it recorded.
struct Rig {
  names::Directory directory{sample()};
  std::vector<audit::AuditRecord> records;
  DnsStub stub{directory, "cafe0123cafe0123",
               [this](audit::AuditRecord record) { records.push_back(std::move(record)); }};

  std::string ask(std::string_view name, unsigned type, unsigned klass = 1) {
    return stub.respond(dns_query(name, type, klass));
  }
};

unsigned rcode(const std::string& response) {
  return static_cast<unsigned char>(response.at(3)) & 0xFU;
}
unsigned answers(const std::string& response) {
  return static_cast<unsigned char>(response.at(7));
}
unsigned authorities(const std::string& response) {
  return static_cast<unsigned char>(response.at(9));
}

TEST_CASE("a listed name has one address, the same in any case and every time", "[dns]") {
  Rig rig;
  const std::string first = rig.ask("api.example.com", k_type_a);
  CHECK(rcode(first) == 0);
  CHECK(answers(first) == 1);
  CHECK(first.ends_with(test::bytes({198, 18, 0, 1})));
  CHECK(rig.ask("git.example.com", k_type_a).ends_with(test::bytes({198, 18, 0, 2})));
  CHECK(rig.ask("API.EXAMPLE.COM", k_type_a).ends_with(test::bytes({198, 18, 0, 1})));
  CHECK(rig.records.empty());
}

TEST_CASE("other types of a listed name have no data", "[dns]") {
  Rig rig;
  for (const unsigned type : {28U, 65U, 64U, 16U, 15U, 255U, 2U, 6U}) {
    const std::string response = rig.ask("api.example.com", type);
    INFO(type);
    CHECK(rcode(response) == 0);
    CHECK(answers(response) == 0);
    CHECK(authorities(response) == 1);
  }
  CHECK(rig.records.empty());
}

TEST_CASE("a lookup that asks for several types is recorded once", "[dns]") {
  Rig rig;
  for (int look_up = 1; look_up <= 3; ++look_up) {
    for (const unsigned type : {k_type_a, k_type_aaaa, k_type_https}) {
      CHECK(rcode(rig.ask("evil.example.net", type)) == 3);
    }
    CHECK(rig.records.size() == static_cast<std::size_t>(look_up));
  }
  rig.ask("evil.example.net", 16); // TXT: not part of a lookup of addresses
  rig.ask("evil.example.net", 16);
  CHECK(rig.records.size() == 5);
  rig.ask("only6.example.net", k_type_aaaa); // the type that is queried first hides no host
  CHECK(rig.records.size() == 6);
}

TEST_CASE("unlisted, blocked and odd names do not exist, and are recorded", "[dns]") {
  Rig rig;
  const auto reason = [&rig](std::string_view name, unsigned type = k_type_a) {
    rig.records.clear();
    CHECK(rcode(rig.ask(name, type)) == 3);
    REQUIRE(rig.records.size() == 1);
    CHECK(rig.records[0].verdict == audit::Verdict::deny);
    CHECK(rig.records[0].kind == audit::Kind::dns);
    return token_of(rig.records[0].reason);
  };
  CHECK(reason("evil.example.net") == "not-listed");
  CHECK(reason("other.example.net", 65) == "not-listed");
  CHECK(reason("example.com") == "not-listed");
  CHECK(reason("xapi.example.com") == "not-listed");
  CHECK(reason("api.example.com.evil.net") == "not-listed");
  CHECK(reason("wild.example.org") == "not-listed"); // *.name is not the name itself
  CHECK(reason("bad.wild.example.org") == "blocked");
  CHECK(reason("api") == "bad-name");
  CHECK(reason("api.example.com\x1b[2J") == "bad-name");
  CHECK(reason("other.agentbox.internal") == "not-listed");
}

/// Returns the word with which the stub answers a query of agentbox-ask.
std::string asked(Rig& rig, std::string_view name) {
  const std::string response = rig.ask(name, k_type_txt);
  for (const std::string_view word : protocol::k_ask_answers) {
    if (response.ends_with(word)) {
      return std::string(word);
    }
  }
  return "none";
}

TEST_CASE("a request for a host is recorded, and changes nothing", "[dns]") {
  Rig rig;
  CHECK(asked(rig, "1-443.for the tests.PyPI.org.ask.agentbox.internal") == "asked");
  REQUIRE(rig.records.size() == 1);
  CHECK(rig.records[0].kind == audit::Kind::request);
  CHECK(rig.records[0].verdict == audit::Verdict::deny);
  CHECK(rig.records[0].name == "pypi.org");
  CHECK(rig.records[0].port == 443);
  CHECK(rig.records[0].text == "for the tests");
  CHECK(rcode(rig.ask("pypi.org", k_type_a)) == 3);
  CHECK(asked(rig, "0-22.example.net.ASK.agentbox.internal") == "asked");
  CHECK(rig.records.back().port == 22);
  CHECK(rig.records.back().text.empty());
}

TEST_CASE("no request is made for a host that is decided already, or for what is not a host", "[dns]") {
  Rig rig;
  CHECK(asked(rig, "0-443.api.example.com.ask.agentbox.internal") == "allowed");
  CHECK(asked(rig, "0-443.bad.wild.example.org.ask.agentbox.internal") == "blocked");
  const policy::HostPattern denied{"denied.example", false};
  rig.directory.live().add({denied, std::nullopt, false, std::nullopt});
  CHECK(asked(rig, "0-443.denied.example.ask.agentbox.internal") == "denied");
  for (const char* name : {"0-443.localhost", "0-443.host", "0-8080.host", "0-443.host.containers.internal",
                           "0-443.com", "0-443.192.0.2.1", "0-443.*.example.org", "0-99999.example.org",
                           "0-0.example.org", "0-.example.org", "4-443.a.b.c.d.example.org", "1-443.example",
                           "443.example.org", "9-443.example.org", "0-443.a b.org", "x", "0-443"}) {
    INFO(name);
    CHECK(asked(rig, std::string(name) + ".ask.agentbox.internal") == "invalid");
  }
  CHECK(asked(rig, "ask.agentbox.internal") == "invalid");
  CHECK(answers(rig.ask("0-443.pypi.org.ask.agentbox.internal", k_type_a)) == 0);
  CHECK(rig.records.empty());
}

TEST_CASE("the requests of a box are limited, per minute and in total", "[dns]") {
  AskBudget budget;
  AskBudget::Clock::time_point now{};
  const auto taken = [&] {
    std::size_t count = 0;
    while (budget.admit(now)) {
      ++count;
    }
    return count;
  };
  CHECK(taken() == AskBudget::k_per_minute);
  now += std::chrono::seconds(59);
  CHECK(taken() == 0);
  now += std::chrono::seconds(1);
  CHECK(taken() == AskBudget::k_per_minute);
  std::size_t sum = 2 * AskBudget::k_per_minute;
  for (int i = 0; i < 1000; ++i) {
    now += std::chrono::minutes(1);
    sum += taken();
  }
  CHECK(sum == AskBudget::k_per_box);
}

TEST_CASE("the gate answers with the nonce", "[dns]") {
  Rig rig;
  const std::string gate = rig.ask("Gate.agentbox.internal", k_type_txt);
  CHECK(rcode(gate) == 0);
  CHECK(gate.ends_with("\x10"
                       "cafe0123cafe0123"));
  REQUIRE(rig.records.size() == 1);
  CHECK(rig.records[0].kind == audit::Kind::gate);
  CHECK(answers(rig.ask("gate.agentbox.internal", k_type_a)) == 0);
  CHECK(answers(rig.ask("gate.agentbox.internal", k_type_txt, 3)) == 0); // another class
}

TEST_CASE("localhost is the box itself, reverse names do not exist", "[dns]") {
  Rig rig;
  CHECK(rig.ask("localhost", k_type_a).ends_with(test::bytes({127, 0, 0, 1})));
  CHECK(rig.ask("x.LOCALHOST", k_type_aaaa).ends_with(test::bytes({0, 0, 0, 1})));
  CHECK(answers(rig.ask("localhost", k_type_txt)) == 0);
  CHECK(rcode(rig.ask("1.0.18.198.in-addr.arpa", k_type_ptr)) == 3);
  CHECK(rcode(rig.ask("_dns.resolver.arpa", 64)) == 3);
  CHECK(rig.records.empty());
}

TEST_CASE("names under a wildcard have their own part of the range", "[dns]") {
  Rig rig;
  const std::string wild = rig.ask("a.wild.example.org", k_type_a);
  CHECK(answers(wild) == 1);
  CHECK_FALSE(wild.ends_with(test::bytes({198, 18, 0, 1})));
  CHECK(rig.ask("api.example.com", k_type_a).ends_with(test::bytes({198, 18, 0, 1})));
}

TEST_CASE("garbage gets an error or no response", "[dns]") {
  Rig rig;
  CHECK(rig.stub.respond("").empty());
  CHECK(rcode(rig.stub.respond(dns_query("a.example", 1) + "x")) == 1);
  CHECK(rcode(rig.ask("api.example.com", k_type_a, 255)) == 5);
}

} // namespace
} // namespace agentbox::firewall::dns
