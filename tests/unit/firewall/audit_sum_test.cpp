// SPDX-License-Identifier: Apache-2.0
#include "firewall/audit/sum.hpp"

#include "catch.hpp"

namespace agentbox::firewall::audit {
namespace {

constexpr const char* k_time = "2026-01-31T12:00:00.000Z";
constexpr const char* k_later = "2026-01-31T12:00:01.000Z";

Sum sum_of(const std::string& name) {
  Sum sum;
  sum.record.kind = Kind::connect;
  sum.record.verdict = Verdict::allow;
  sum.record.reason = "allowed";
  sum.record.name = name;
  sum.record.port = 443;
  sum.record.time = k_later;
  sum.record.first = k_time;
  sum.record.count = 7;
  sum.record.bytes_up = 11;
  return sum;
}

/// `text`, `count` times.
std::string repeated(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) {
    all += text;
  }
  return all;
}

std::string place_of(const Sum& sum) {
  return to_place(fixed_part(sum.record), sum);
}

TEST_CASE("a place holds a sum", "[audit]") {
  Sum sum = sum_of("a.example");
  CHECK(place_of(sum).size() == k_place);
  CHECK(place_of(sum).back() == '\n');
  CHECK(from_place(place_of(sum)) == sum);
  sum.others = {3, 2, 1, k_time, k_later};
  CHECK(from_place(place_of(sum)) == sum);
  CHECK(others_of(sum)->count == 3);
  CHECK(others_of(sum)->address == k_other_hosts);
  CHECK_FALSE(others_of(sum_of("a.example")));
}

TEST_CASE("a place that is half written is none", "[audit]") {
  const std::string before = place_of(sum_of("a.example"));
  Sum more = sum_of("a.example");
  more.record.count = 8;
  more.record.bytes_up = 1000;
  const std::string after = place_of(more);
  for (std::size_t i = 0; i <= k_place; ++i) {
    const std::string torn = after.substr(0, i) + before.substr(i);
    CHECK((torn == before || torn == after || !from_place(torn)));
  }
  CHECK_FALSE(from_place(before.substr(1)));
  CHECK_FALSE(from_place(std::string(k_place, '\0')));
  CHECK_FALSE(from_place({}));
}

TEST_CASE("whatever its texts are, a place fits and keeps its numbers", "[audit]") {
  for (const std::string& text : {std::string(300, 'a'), std::string(300, '"'), std::string(300, '\x1b'),
                                  std::string("\xc3\xa9", 2) + std::string(300, '\\'), repeated("\xc3\xa9", 150),
                                  repeated("\xf4\x8f\xbf\xbf", 75)}) {
    Sum sum = sum_of(text);
    sum.record.text = sum.record.rule = sum.record.address = sum.record.protocol = sum.record.reason = text;
    sum.record.box = text;
    sum.record.count = sum.record.bytes_up = sum.record.bytes_down = sum.record.duration_ms = UINT64_MAX;
    sum.others = {UINT64_MAX, UINT64_MAX, UINT64_MAX, k_time, k_later};
    const auto read = from_place(place_of(sum));
    REQUIRE(read);
    CHECK(read->others == sum.others);
    CHECK(read->record.bytes_down == UINT64_MAX);
    CHECK(read->record.first == k_time);
  }
}

TEST_CASE("sums add up, and say what was last", "[audit]") {
  AuditRecord sum = sum_of("a.example").record;
  AuditRecord more = sum_of("a.example").record;
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

TEST_CASE("what is summed has one kind, verdict, reason, port, protocol and host", "[audit]") {
  const AuditRecord one = sum_of("a.example").record;
  for (const auto& change : std::vector<void (*)(AuditRecord&)>{
           [](AuditRecord& r) { r.kind = Kind::dns; }, [](AuditRecord& r) { r.verdict = Verdict::deny; },
           [](AuditRecord& r) { r.reason = "idle"; }, [](AuditRecord& r) { r.port = 80; },
           [](AuditRecord& r) { r.protocol = "udp"; }, [](AuditRecord& r) { r.name = "b.example"; }}) {
    AuditRecord other = one;
    change(other);
    CHECK(key_of(other) != key_of(one));
  }
  AuditRecord same = one;
  same.address = "203.0.113.5"; // hosts change theirs
  same.rule = same.text = same.time = "x";
  CHECK(key_of(same) == key_of(one));
  same.name.clear();
  CHECK(key_of(same) != key_of(one));
}

} // namespace
} // namespace agentbox::firewall::audit
