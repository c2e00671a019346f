// SPDX-License-Identifier: Apache-2.0
#include "network/denied_summary.hpp"

#include "catch.hpp"
#include "firewall/audit/audit_record.hpp"
#include "network/known_requests.hpp"

using namespace agentbox;
using namespace agentbox::network;
using firewall::audit::AuditRecord;
using firewall::audit::Kind;
using firewall::audit::Verdict;
using Lines = std::vector<std::string>;

namespace {

AuditRecord record(Kind kind, const std::string& name, std::uint16_t port, const std::string& reason,
                   Verdict verdict = Verdict::deny) {
  AuditRecord record;
  record.time = "2026-01-31T12:00:00.123Z";
  record.box = "b";
  record.kind = kind;
  record.name = name;
  record.port = port;
  record.protocol = "tcp";
  record.reason = firewall::audit::parse_reason(reason);
  record.text = "why";
  record.verdict = verdict;
  return record;
}

} // namespace

TEST_CASE("lists blocked hosts with the flag that would allow them") {
  const std::vector<AuditRecord> audit = {record(Kind::dns, "evil.example", 0, "not-listed"),
                                          record(Kind::dns, "evil.example", 0, "not-listed"),
                                          record(Kind::connect, "api.openai.com", 22, "port-not-listed"),
                                          record(Kind::connect, "api.openai.com", 443, "sni-mismatch")};
  CHECK(denied_summary(audit) == Lines{"denied: evil.example (2 times) - allow with: agentbox run --allow evil.example",
                                       "denied: api.openai.com:22 - allow with: agentbox run --allow api.openai.com:22",
                                       "denied: api.openai.com:443: why",
                                       "to allow them permanently: agentbox policy suggest"});
}

TEST_CASE("hosts that were reported while the box ran are not listed again") {
  const std::vector<AuditRecord> audit = {record(Kind::dns, "evil.example", 0, "not-listed"),
                                          record(Kind::dns, "other.example", 0, "not-listed")};
  CHECK(denied_summary(audit, {"denied: evil.example"}).front().starts_with("denied: other.example"));
  CHECK(denied_summary({audit[0]}, {"denied: evil.example"}).empty());
}

TEST_CASE("a request of the agent is listed with its reason after the flag") {
  AuditRecord asked = record(Kind::request, "pypi.org", 443, "asked", Verdict::allow);
  asked.text = "to test";
  CHECK(denied_summary({asked}) ==
        Lines{"asked for: pypi.org - allow with: agentbox run --allow pypi.org (the agent asks: \"to test\")"});
}

TEST_CASE("requests an agent makes at each start are left out, as often as it makes them") {
  const auto without_known = [](std::vector<AuditRecord> records, KnownRequests known) {
    std::erase_if(records, [&](const AuditRecord& record) { return known.use_up(record); });
    return records;
  };
  const KnownRequests known({{"tips.example", 1}});
  const AuditRecord lookup = record(Kind::dns, "tips.example", 0, "not-listed");
  CHECK(without_known({lookup}, known).empty());
  CHECK(without_known({lookup}, KnownRequests()).size() == 1);
  CHECK(without_known({lookup, lookup}, known).size() == 1);
  CHECK(without_known({record(Kind::connect, "tips.example", 22, "port-not-listed")}, known).size() == 1);
  CHECK(without_known({record(Kind::dns, "other.example", 0, "not-listed"), lookup}, known).size() == 1);
}

TEST_CASE("allowed connections, and the firewall's own start and end, are not reported") {
  CHECK(denied_summary({record(Kind::connect, "api.openai.com", 443, "allowed", Verdict::allow),
                        record(Kind::firewall, "", 0, "start", Verdict::allow), record(Kind::gate, "", 0, "x")})
            .empty());
  CHECK(denied_summary({}).empty());
}

TEST_CASE("an invalid name gets no flag and is escaped") {
  const Lines lines = denied_summary({record(Kind::dns, "a\x1b[2Jb", 0, "bad-name")});
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find('\x1b') == std::string::npos);
  CHECK(lines[0].find("--allow") == std::string::npos);
}

TEST_CASE("five lines at most") {
  std::vector<AuditRecord> audit;
  for (char letter = 'a'; letter < 'i'; ++letter) {
    audit.push_back(record(Kind::dns, std::string(1, letter) + ".example", 0, "not-listed"));
  }
  const Lines lines = denied_summary(audit);
  REQUIRE(lines.size() == 7);
  CHECK(lines[5] == "denied: 3 more; see: agentbox network denied");
}
