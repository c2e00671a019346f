// SPDX-License-Identifier: Apache-2.0
#include "firewall/audit/sum.hpp"

#include "catch.hpp"

namespace agentbox::firewall::audit {
namespace {

constexpr const char* k_time = "2026-01-31T12:00:00.000Z";
constexpr const char* k_later = "2026-01-31T12:00:01.000Z";

AuditRecord sum_of(const std::string& name) {
  AuditRecord record;
  record.kind = Kind::connect;
  record.verdict = Verdict::allow;
  record.reason = Reason::allowed;
  record.name = name;
  record.port = 443;
  record.time = k_later;
  record.first = k_time;
  record.count = 7;
  record.bytes_up = 11;
  return record;
}

TEST_CASE("only lines that are sums are totals", "[audit]") {
  AuditRecord line = sum_of("a.example");
  line.first.clear(); // a decision of the log
  const std::string half = to_json_line(sum_of("b.example")).substr(0, 100);
  const auto sums = parse_totals(to_json_line(sum_of("a.example")) + to_json_line(line) + "\n{}\n\xff\n" +
                                 to_json_line(sum_of("c.example")) + half);
  REQUIRE(sums.size() == 2);
  CHECK(sums[0] == sum_of("a.example"));
  CHECK(sums[1] == sum_of("c.example"));
  CHECK(parse_totals("").empty());
}

TEST_CASE("sums add up and keep the text of the last decision", "[audit]") {
  AuditRecord sum = sum_of("a.example");
  AuditRecord more = sum_of("a.example");
  more.time = "2026-01-31T12:00:02.000Z";
  more.first.clear();
  more.count = 1;
  more.rule = "*.example";
  add(sum, more);
  CHECK(sum.count == 8);
  CHECK(sum.bytes_up == 22);
  CHECK(sum.first == k_time);
  CHECK(sum.time == more.time);
  CHECK(sum.rule == "*.example");
}

TEST_CASE("the key is kind, verdict, reason, port, protocol and host", "[audit]") {
  const AuditRecord one = sum_of("a.example");
  for (const auto& change : std::vector<void (*)(AuditRecord&)>{
           [](AuditRecord& r) { r.kind = Kind::dns; }, [](AuditRecord& r) { r.verdict = Verdict::deny; },
           [](AuditRecord& r) { r.reason = Reason::idle; }, [](AuditRecord& r) { r.port = 80; },
           [](AuditRecord& r) { r.protocol = "udp"; }, [](AuditRecord& r) { r.name = "b.example"; }}) {
    AuditRecord other = one;
    change(other);
    CHECK(key_of(other) != key_of(one));
  }
  AuditRecord same = one;
  same.address = "203.0.113.5"; // a host's address changes
  same.rule = same.text = same.time = "x";
  CHECK(key_of(same) == key_of(one));
  same.name.clear();
  CHECK(key_of(same) != key_of(one));
}

} // namespace
} // namespace agentbox::firewall::audit
