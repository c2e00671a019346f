// SPDX-License-Identifier: Apache-2.0
#include "network/suggest.hpp"

#include "catch.hpp"
#include "records.hpp"

using namespace agentbox;
using namespace agentbox::network;
using firewall::audit::Kind;
using test::record;

namespace {

policy::EgressIndex index_of(const std::vector<std::string>& allow, const std::vector<std::string>& block = {}) {
  policy::EgressPolicy policy;
  for (const auto& text : allow) {
    policy.allow.push_back(std::get<policy::HostEntry>(policy::parse_host_entry(text)));
  }
  for (const auto& text : block) {
    policy.block.push_back(std::get<policy::HostPattern>(policy::parse_block_pattern(text)));
  }
  return policy::EgressIndex(std::move(policy));
}

} // namespace

TEST_CASE("suggests exact names and ports, and nothing that is already allowed") {
  const auto suggestion = suggest(
      {record(Kind::dns, "pypi.org", 0, "not-listed"), record(Kind::dns, "pypi.org", 0, "not-listed"),
       record(Kind::connect, "github.com", 22, "port-not-listed"),
       record(Kind::dns, "new.example.com", 0, "not-listed"), record(Kind::connect, "a.example.com", 443, "allowed")},
      index_of({"*.example.com", "github.com"}));
  CHECK(to_toml(suggestion) == "[network]\nallow_hosts = [\n"
                               "  \"github.com:22\",  # 1 time, last 2026-01-31T12:00\n"
                               "  \"pypi.org\",       # 2 times, last 2026-01-31T12:00\n"
                               "]\n");
}

TEST_CASE("hosts that cannot or should not be allowed are listed as left out") {
  auto address = record(Kind::address, "", 80, "address-not-listed");
  address.address = "192.0.2.1";
  auto by_user = record(Kind::dns, "mine.example", 0, "blocked");
  by_user.rule = "mine.example";
  by_user.by = firewall::audit::DecidedBy::user;
  const auto suggestion =
      suggest({record(Kind::dns, "ab.chatgpt.com", 0, "not-listed"), record(Kind::dns, "o1.sentry.io", 0, "not-listed"),
               record(Kind::dns, "bad.example.com", 0, "not-listed"), address, by_user,
               record(Kind::connect, "api.openai.com", 443, "sni-mismatch")},
              index_of({"*.example.com"}, {"bad.example.com"}));
  CHECK(suggestion.add.empty());
  CHECK(suggestion.left_out.size() == 6);
  const std::string text = to_toml(suggestion);
  CHECK(text.find("allow_hosts") == std::string::npos);
  CHECK(text.find("blocked by bad.example.com in block_hosts") != std::string::npos);
  CHECK(text.find("denied by you") != std::string::npos);
}

TEST_CASE("many names below one domain get a note, never a wildcard") {
  std::vector<firewall::audit::AuditRecord> records;
  for (const char* host : {"a.cdn.example.com", "b.cdn.example.com", "c.cdn.example.com", "d.cdn.example.com"}) {
    records.push_back(record(Kind::dns, host, 0, "not-listed"));
  }
  const auto suggestion = suggest(records, index_of({}));
  REQUIRE(suggestion.add.size() == 4);
  for (const auto& item : suggestion.add) {
    CHECK(item.entry.find('*') == std::string::npos);
  }
  CHECK(suggestion.add[0].note.find("*.cdn.example.com") != std::string::npos);
  CHECK(suggestion.add[1].note.empty());
  records.pop_back();
  CHECK(suggest(records, index_of({})).add[0].note.empty());
}

TEST_CASE("unusual names get a warning") {
  const auto suggestion = suggest({record(Kind::dns, "xn--pypi-9za.org", 0, "not-listed"),
                                   record(Kind::dns, std::string(50, 'a') + ".example.com", 0, "not-listed")},
                                  index_of({}));
  REQUIRE(suggestion.add.size() == 2);
  CHECK_FALSE(suggestion.add[0].note.empty());
  CHECK_FALSE(suggestion.add[1].note.empty());
}

TEST_CASE("nothing is suggested if nothing was denied") {
  CHECK(to_toml(suggest({}, index_of({}))).empty());
}
