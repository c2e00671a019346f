// SPDX-License-Identifier: Apache-2.0
#include "network/decision_table.hpp"

#include <cstdlib>

#include "catch.hpp"
#include "records.hpp"

using namespace agentbox;
using namespace agentbox::network;
using firewall::audit::Kind;
using test::record;

namespace {

firewall::audit::AuditRecord moved(const std::string& name, std::uint64_t up, std::uint64_t down) {
  auto one = record(Kind::connect, name, 443, "allowed");
  one.rule = name;
  one.bytes_up = up;
  one.bytes_down = down;
  one.duration_ms = 2100;
  return one;
}

bool has_controls(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return (c < 0x20 && c != '\n') || c == 0x7F; });
}

} // namespace

TEST_CASE("sizes are printed for people") {
  CHECK(size_text(0) == "0 B");
  CHECK(size_text(999) == "999 B");
  CHECK(size_text(1234) == "1.2 kB");
  CHECK(size_text(12'345) == "12 kB");
  CHECK(size_text(999'900) == "1.0 MB");
  CHECK(size_text(3'400'000'000) == "3.4 GB");
}

TEST_CASE("totals of each host, the most bytes first") {
  const auto list = totals({moved("a.example", 10, 20), moved("b.example", 1000, 1), moved("a.example", 1, 2),
                            record(Kind::dns, "c.example", 0, "not-listed"), record(Kind::gate, "", 0, "gate")});
  REQUIRE(list.size() == 3);
  CHECK(list[0].host == "b.example");
  CHECK(list[1].host == "a.example");
  CHECK(list[1].allowed == 2);
  CHECK(list[1].bytes_up == 11);
  CHECK(list[1].bytes_down == 22);
  CHECK(list[2].denied == 1);
}

TEST_CASE("a table is aligned, and as wide as the terminal") {
  setenv("TZ", "UTC", 1);
  const std::vector<firewall::audit::AuditRecord> records = {moved("a.example", 1234, 3'400'000),
                                                             record(Kind::dns, "long-name.example", 0, "not-listed")};
  CHECK(log_table(records, {}) ==
        "TIME             VERDICT  HOST                   UP    DOWN   TOOK  WHY\n"
        "Jan 31 12:00:00  allow    a.example:443      1.2 kB  3.4 MB  2.1 s  by a.example\n"
        "Jan 31 12:00:00  deny     long-name.example                         not on the list of hosts\n");
  const std::string narrow = log_table(records, {false, 76});
  CHECK(narrow.find("not o...") != std::string::npos);
}

TEST_CASE("a sum tells how often and since when") {
  setenv("TZ", "UTC", 1);
  auto sum = moved("a.example", 1, 2);
  sum.count = 3;
  sum.first = "2026-01-31T11:00:00.000Z";
  CHECK(log_table({sum}, {}).find("3 times since Jan 31 11:00:00: by a.example\n") != std::string::npos);
  CHECK(totals_table(totals({sum, moved("a.example", 1, 2)}), {}) ==
        "HOST       ALLOWED  DENIED   UP  DOWN  FIRST            LAST\n"
        "a.example        4       0  2 B   4 B  Jan 31 11:00:00  Jan 31 12:00:00\n");
}

TEST_CASE("the box is a column if there are several") {
  auto other = record(Kind::dns, "x.example", 0, "not-listed");
  CHECK(log_table({other}, {}).find("BOX") == std::string::npos);
  auto second = other;
  second.box = "second";
  CHECK(log_table({other, second}, {}).find("BOX") != std::string::npos);
}

TEST_CASE("colours are used only on request") {
  const std::vector<firewall::audit::AuditRecord> records = {record(Kind::dns, "x.example", 0, "not-listed")};
  CHECK_FALSE(has_controls(log_table(records, {})));
  CHECK(has_controls(log_table(records, {true, 0})));
  CHECK_FALSE(has_controls(denied_table(denied(records), {})));
  CHECK_FALSE(has_controls(totals_table(totals(records), {})));
  CHECK_FALSE(has_controls(follow_line(records[0], {})));
}

TEST_CASE("log contents are escaped for the terminal") {
  auto hostile = record(Kind::connect, "a\x1b[2J\nb", 80, "x\x07y", "\x1b]0;t\x07");
  hostile.box = "\x1b[1m";
  hostile.text = hostile.rule = hostile.protocol = hostile.address = "\x1b\x9b\r";
  for (const auto kind : {Kind::dns, Kind::connect, Kind::address, Kind::control, Kind::firewall, Kind::gate}) {
    hostile.kind = kind;
    for (const std::string& name : {std::string("a\x1b[2J\nb"), std::string()}) {
      hostile.name = name;
      CHECK_FALSE(has_controls(log_table({hostile}, {})));
      CHECK_FALSE(has_controls(follow_line(hostile, {})));
      CHECK_FALSE(has_controls(denied_table(denied({hostile}), {})));
      CHECK_FALSE(has_controls(totals_table(totals({hostile}), {})));
    }
  }
}

TEST_CASE("JSON lines") {
  const auto list = totals({moved("a.example", 1, 2)});
  CHECK(to_json_line(list[0]) == "{\"host\":\"a.example\",\"allowed\":1,\"denied\":0,\"bytes_up\":1,\"bytes_down\":2,"
                                 "\"first\":\"2026-01-31T12:00:00.000Z\",\"last\":\"2026-01-31T12:00:00.000Z\"}\n");
  const auto refused = denied({record(Kind::dns, "x.example", 0, "not-listed")});
  CHECK(to_json_line(refused[0]).find("\"allow\":\"x.example\"") != std::string::npos);
}
