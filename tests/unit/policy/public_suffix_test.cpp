// SPDX-License-Identifier: Apache-2.0
#include "policy/public_suffix.hpp"

#include "catch.hpp"
#include "policy/policy.hpp"
#include "samples.hpp"

using namespace agentbox;
using policy::EntryProblem;

TEST_CASE("suffixes that anyone can get names under are public, domains of an owner are not") {
  for (const char* name : {"com", "co.uk", "com.au", "github.io", "s3.amazonaws.com", "xn--p1ai", "anything.ck"}) {
    INFO(name);
    CHECK(policy::is_public_suffix(name));
  }
  for (const char* name : {"example.com", "example.co.uk", "openai.com", "allowed.example", "www.ck"}) {
    INFO(name);
    CHECK_FALSE(policy::is_public_suffix(name));
  }
}

TEST_CASE("a wildcard over a public suffix is refused wherever people list hosts") {
  for (const char* text : {"*.co.uk", "*.CO.UK.", "*.co.uk:8443", "*.github.io"}) {
    INFO(text);
    CHECK(std::holds_alternative<EntryProblem>(policy::parse_listed_host(text)));
    CHECK(std::holds_alternative<EntryProblem>(policy::parse_listed_entry(text)));
  }
  CHECK(std::holds_alternative<EntryProblem>(policy::parse_listed_pattern("*.co.uk")));
  for (const char* text : {"*.example.co.uk", "co.uk", "raw.githubusercontent.com", "*.example.com:22"}) {
    INFO(text);
    CHECK(policy::parse_listed_host(text) == policy::parse_host_entry(text));
    CHECK(std::holds_alternative<policy::HostEntry>(policy::parse_listed_host(text)));
  }
  CHECK(policy::parse_listed_host("*") == policy::parse_host_entry("*"));
  CHECK(std::holds_alternative<policy::HostPattern>(policy::parse_listed_pattern("*.example.co.uk")));
}

TEST_CASE("a policy never has a wildcard over a public suffix") {
  policy::PolicyFields fields = policy::default_fields();
  fields.workspace.source = "/home/dev/project";
  REQUIRE(std::holds_alternative<policy::Policy>(policy::build_policy(fields)));
  fields.egress.allow.push_back({{"co.uk", true}, 443});
  CHECK(std::holds_alternative<policy::Diagnostics>(policy::build_policy(fields)));
}
