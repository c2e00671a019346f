// SPDX-License-Identifier: Apache-2.0
#include "policy/host_pattern.hpp"

#include "catch.hpp"

using namespace agentbox; // NOLINT(google-build-using-namespace): a test
using policy::EntryProblem;
using policy::HostEntry;
using policy::HostPattern;

namespace {

std::string problem(std::string_view text) {
  const auto result = policy::parse_host_entry(text);
  const auto* found = std::get_if<EntryProblem>(&result);
  return found == nullptr ? "" : found->message;
}

std::string hint(std::string_view text) {
  const auto result = policy::parse_host_entry(text);
  const auto* found = std::get_if<EntryProblem>(&result);
  return found == nullptr ? "" : found->hint;
}

HostEntry entry(std::string_view text) {
  INFO(text);
  const auto result = policy::parse_host_entry(text);
  REQUIRE(std::holds_alternative<HostEntry>(result));
  return std::get<HostEntry>(result);
}

const std::string k_label_63(63, 'a');

} // namespace

TEST_CASE("names have one canonical form") {
  CHECK(policy::canonical_name("API.OpenAI.com") == "api.openai.com");
  CHECK(policy::canonical_name("api.openai.com.") == "api.openai.com");
  CHECK(policy::canonical_name("xn--mnchen-3ya.de") == "xn--mnchen-3ya.de");
  CHECK(policy::canonical_name("_dmarc.example.com") == "_dmarc.example.com");
  CHECK(policy::canonical_name("1.2.3.4.example.com") == "1.2.3.4.example.com");
  CHECK(policy::canonical_name(k_label_63 + ".com"));
  CHECK(policy::is_canonical_name("api.openai.com"));
  CHECK_FALSE(policy::is_canonical_name("api.openai.com."));
  CHECK_FALSE(policy::is_canonical_name("Api.openai.com"));
}

TEST_CASE("an invalid name is refused, with the reason") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "empty"},
      {".", "empty label"},
      {"a..com", "empty label"},
      {".example.com", "empty label"},
      {"example.com..", "empty label"},
      {"localhost", "one label"},
      {"com", "one label"},
      {std::string("api.openai.com\0.evil.com", 24), "NUL"},
      {"api.openai.com%00.evil.com", "other than letters"},
      {"fe80::1%eth0", "other than letters"},
      {"api openai.com", "blank"},
      {"api.openai.com\n", "blank"},
      {"api.openai.com\t", "blank"},
      {"m\xc3\xbcnchen.de", "outside ASCII"},
      {"api.openai\xe3\x80\x82"
       "com",
       "outside ASCII"}, // ideographic full stop
      {k_label_63 + "a.com", "63"},
      {std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(62, 'd'),
       "253"},
      {"-a.com", "'-'"},
      {"a-.com", "'-'"},
      {"127.0.0.1", "number"},
      {"127.1", "number"},
      {"0x7f.1", "number"},
      {"127.0.0x1", "number"},
      {"0.0x7f000001", "number"},
      {"1.0x", "number"},
      {"example.com/path", "other than letters"},
      {"a@b.com", "other than letters"},
      {"[::1]", "other than letters"},
      {"*.example.com", "other than letters"},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    CHECK_FALSE(policy::canonical_name(text));
    CHECK_FALSE(policy::is_canonical_name(text));
    CHECK(policy::name_problem(text).find(expected) != std::string::npos);
  }
  CHECK(policy::name_problem("api.openai.com").empty());
}

TEST_CASE("a name of 253 bytes is the longest") {
  const std::string longest =
      std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(61, 'd');
  REQUIRE(longest.size() == 253);
  CHECK(policy::canonical_name(longest));
  CHECK(policy::canonical_name(longest + "."));
  CHECK_FALSE(policy::canonical_name(longest + "d"));
}

TEST_CASE("patterns match whole labels from the right") {
  const HostPattern name{"example.com", false};
  CHECK(name.matches("example.com"));
  CHECK_FALSE(name.matches("www.example.com"));
  CHECK_FALSE(name.matches("example.com.evil.net"));

  const HostPattern below{"example.com", true};
  CHECK(below.matches("www.example.com"));
  CHECK(below.matches("a.b.example.com"));
  CHECK_FALSE(below.matches("example.com"));
  CHECK_FALSE(below.matches("notexample.com"));
  CHECK_FALSE(below.matches(".example.com"));
  CHECK_FALSE(below.matches("example.com.evil.net"));
  CHECK(below.text() == "*.example.com");
}

TEST_CASE("entries") {
  CHECK(entry("api.openai.com") == HostEntry{{"api.openai.com", false}, 443});
  CHECK(entry("GitHub.com:22") == HostEntry{{"github.com", false}, 22});
  CHECK(entry("*.Example.com") == HostEntry{{"example.com", true}, 443});
  CHECK(entry("*.example.com:8080") == HostEntry{{"example.com", true}, 8080});
  CHECK(entry("example.com.:65535").text() == "example.com:65535");
  CHECK(entry("api.openai.com:443").text() == "api.openai.com");
  CHECK(entry("*.example.com:22").text() == "*.example.com:22");
}

TEST_CASE("entries that would open too much, or mean something else, are refused") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "empty"},
      {"*", "every host"},
      {"*.", "every host"},
      {"*:443", "every host"},
      {"*.com", "top-level domain"},
      {"*.com.", "top-level domain"},
      {"*.*.com", "'*' is only allowed at the start"},
      {"a*.example.com", "'*' is only allowed at the start"},
      {"*example.com", "'*' is only allowed at the start"},
      {"www.*.com", "'*' is only allowed at the start"},
      {"1.2.3.4", "number"},
      {"*.1.2.3.4", "number"},
      {"1.2.3.4:443", "number"},
      {"::1", "is an address"},
      {"[::1]:443", "is an address"},
      {"[2001:db8::1]", "is an address"},
      {"api.openai.com:0", "port"},
      {"api.openai.com:65536", "port"},
      {"api.openai.com:0443", "port"},
      {"api.openai.com:+443", "port"},
      {"api.openai.com:", "port"},
      {"api.openai.com:http", "port"},
      {"api.openai.com:443 ", "port"},
      {"localhost", "one label"},
      {"db.localhost", "the box itself"},
      {"*.localhost", "top-level domain"},
      {"gate.agentbox.internal", "the box itself"},
      {"*.agentbox.internal", "the box itself"},
      {"https://api.openai.com/v1", "URL"},
      {"user@api.openai.com", "user"},
      {"api.openai.com/v1", "path"},
      {std::string(400, 'a') + ".com", "longer"},
      {std::string("a.com\0", 6), "NUL"},
      {" a.com", "blank"},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    CHECK(problem(text).find(expected) != std::string::npos);
  }
}

TEST_CASE("a URL's hint names the host in it") {
  CHECK(hint("https://API.openai.com/v1/chat?x=1") == "write \"api.openai.com\"");
  CHECK(hint("https://user:pw@api.openai.com:8443/") == "write \"api.openai.com\"");
  CHECK(hint("api.openai.com/v1") == "write \"api.openai.com\"");
  CHECK(hint("git@github.com") == "write \"github.com\"");
  CHECK(hint("https://[::1]/") == "write HOST or HOST:PORT");
}

TEST_CASE("messages are safe on a terminal") {
  CHECK(problem("\x1b]52;c;x\x07.com").find('\x1b') == std::string::npos);
  CHECK(problem(std::string(200, '\n')).find('\n') == std::string::npos);
}

TEST_CASE("lists without ports") {
  CHECK(std::get<HostPattern>(policy::parse_host_pattern("*.example.com")) == HostPattern{"example.com", true});
  CHECK(std::holds_alternative<EntryProblem>(policy::parse_host_pattern("example.com:22")));
  CHECK(std::holds_alternative<EntryProblem>(policy::parse_host_pattern("*.zip")));
  CHECK(std::holds_alternative<EntryProblem>(policy::parse_host_pattern("*")));
}

TEST_CASE("a block may name a whole top-level domain, but no other single label") {
  CHECK(std::get<HostPattern>(policy::parse_block_pattern("*.ZIP")) == HostPattern{"zip", true});
  CHECK(std::get<HostPattern>(policy::parse_block_pattern("*.co.uk")) == HostPattern{"co.uk", true});
  CHECK(std::get<HostPattern>(policy::parse_block_pattern("*.zip")).matches("evil.zip"));
  CHECK(std::holds_alternative<EntryProblem>(policy::parse_block_pattern("zip")));
  CHECK(std::holds_alternative<EntryProblem>(policy::parse_block_pattern("*.1")));
  CHECK(std::holds_alternative<EntryProblem>(policy::parse_block_pattern("*")));
  CHECK(std::holds_alternative<EntryProblem>(policy::parse_block_pattern("a.com:443")));
}

TEST_CASE("an entry that is written as text is parsed to the same entry") {
  for (const char* text : {"api.openai.com", "github.com:22", "*.example.com", "*.example.com:65535"}) {
    CHECK(entry(text).text() == text);
    CHECK(entry(entry(text).text()) == entry(text));
  }
}
