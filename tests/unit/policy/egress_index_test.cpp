// SPDX-License-Identifier: Apache-2.0
#include "policy/egress_index.hpp"

#include <algorithm>

#include "catch.hpp"
#include "cpu_time.hpp"

namespace policy = agentbox::policy;
using policy::EgressDecision;
using Verdict = policy::EgressDecision::Verdict;

namespace {

policy::HostEntry entry(std::string_view text) {
  return std::get<policy::HostEntry>(policy::parse_host_entry(text));
}
policy::HostPattern block(std::string_view text) {
  return std::get<policy::HostPattern>(policy::parse_block_pattern(text));
}

policy::EgressIndex sample() {
  policy::EgressPolicy egress;
  egress.allow = {
      entry("github.com:22"),    entry("api.openai.com"),  entry("*.example.com"),           entry("github.com"),
      entry("*.example.com:80"), entry("bad.example.com"), entry("deep.a.example.com:8080"), entry("x.zip")};
  egress.block = {block("bad.example.com"), block("*.evil.example.com"), block("*.zip")};
  egress.allow_ech = {block("api.openai.com")};
  egress.allow_private = {block("*.example.com")};
  return policy::EgressIndex(std::move(egress));
}

} // namespace

TEST_CASE("names that are listed with any port may be resolved") {
  const auto index = sample();
  CHECK(index.decide("api.openai.com") == EgressDecision{Verdict::allowed, "api.openai.com"});
  CHECK(index.decide("github.com").allowed());
  CHECK(index.decide("www.example.com") == EgressDecision{Verdict::allowed, "*.example.com:80"});
  CHECK(index.decide("a.b.c.example.com").allowed());
  CHECK(index.decide("deep.a.example.com") == EgressDecision{Verdict::allowed, "deep.a.example.com:8080"});
}

TEST_CASE("everything else is refused, with the reason") {
  const auto index = sample();
  CHECK(index.decide("example.com") == EgressDecision{Verdict::not_listed, ""});
  CHECK(index.decide("openai.com") == EgressDecision{Verdict::not_listed, ""});
  CHECK(index.decide("evil.api.openai.com") == EgressDecision{Verdict::not_listed, ""});
  CHECK(index.decide("api.openai.com.evil.net") == EgressDecision{Verdict::not_listed, ""});
  CHECK(index.decide("notexample.com") == EgressDecision{Verdict::not_listed, ""});
}

TEST_CASE("a block wins over every allow") {
  const auto index = sample();
  CHECK(index.decide("bad.example.com") == EgressDecision{Verdict::blocked, "bad.example.com"});
  CHECK(index.decide("bad.example.com", 443) == EgressDecision{Verdict::blocked, "bad.example.com"});
  CHECK(index.decide("c2.evil.example.com", 443) == EgressDecision{Verdict::blocked, "*.evil.example.com"});
  CHECK(index.decide("evil.example.com", 443).allowed()); // the pattern means what is below it
  CHECK(index.decide("good.example.com", 443).allowed());
  CHECK(index.decide("x.zip", 443) == EgressDecision{Verdict::blocked, "*.zip"});
}

TEST_CASE("ports are part of the rule") {
  const auto index = sample();
  CHECK(index.decide("github.com", 22) == EgressDecision{Verdict::allowed, "github.com:22"});
  CHECK(index.decide("github.com", 443) == EgressDecision{Verdict::allowed, "github.com"});
  CHECK(index.decide("github.com", 80).verdict == Verdict::port_not_listed);
  CHECK(index.decide("api.openai.com", 80) == EgressDecision{Verdict::port_not_listed, "api.openai.com"});
  // The nearest name has another port, but the wildcard above it has this one.
  CHECK(index.decide("deep.a.example.com", 443) == EgressDecision{Verdict::allowed, "*.example.com"});
  CHECK(index.decide("deep.a.example.com", 9) == EgressDecision{Verdict::port_not_listed, "deep.a.example.com:8080"});
  CHECK(index.decide("nowhere.net", 443) == EgressDecision{Verdict::not_listed, ""});
}

TEST_CASE("what is not canonical is not looked up") {
  const auto index = sample();
  for (const char* host : {"API.openai.com", "api.openai.com.", "", "127.0.0.1", "api.openai.com%00", ".example.com"}) {
    INFO(host);
    CHECK(index.decide(host) == EgressDecision{Verdict::bad_name, ""});
    CHECK(index.decide(host, 443) == EgressDecision{Verdict::bad_name, ""});
  }
}

TEST_CASE("the special lists") {
  const auto index = sample();
  CHECK(index.ech_allowed("api.openai.com"));
  CHECK_FALSE(index.ech_allowed("www.example.com"));
  CHECK(index.private_allowed("www.example.com"));
  CHECK_FALSE(index.private_allowed("example.com"));
  CHECK_FALSE(index.private_allowed("api.openai.com"));
}

TEST_CASE("an empty policy allows nothing") {
  const policy::EgressIndex index{policy::EgressPolicy()};
  CHECK(index.decide("api.openai.com").verdict == Verdict::not_listed);
  CHECK(index.decide("api.openai.com", 443).verdict == Verdict::not_listed);
  CHECK_FALSE(index.ech_allowed("api.openai.com"));
}

TEST_CASE("the decision agrees with a search of the whole list, and stays fast") {
  policy::EgressPolicy egress;
  for (int i = 0; i < 20000; ++i) {
    const std::string name = "h" + std::to_string(i % 997) + ".d" + std::to_string(i) + ".net";
    egress.allow.push_back(entry((i % 3 == 0 ? "*." : "") + name + (i % 5 == 0 ? ":22" : "")));
  }
  const policy::EgressIndex index(egress);
  for (const char* prefix : {"", "x.", "y.x."}) {
    for (const int i : {0, 3, 5, 1234, 19998, 20001}) {
      const std::string host = prefix + ("h" + std::to_string(i % 997) + ".d" + std::to_string(i) + ".net");
      const bool expected = std::any_of(egress.allow.begin(), egress.allow.end(), [&](const policy::HostEntry& item) {
        return item.port == 443 && item.pattern.matches(host);
      });
      INFO(host);
      CHECK(index.decide(host, 443).allowed() == expected);
    }
  }
  std::string deep;
  while (deep.size() < 248) {
    deep += "a.";
  }
  deep += "net";
  const double seconds = agentbox::tests::cpu_seconds([&] {
    for (int i = 0; i < 1000; ++i) {
      REQUIRE_FALSE(index.decide(deep, 443).allowed());
    }
  });
  CHECK((!agentbox::tests::is_optimised() || seconds < 0.5)); // usually 0.01 s
}
