// SPDX-License-Identifier: Apache-2.0
#include "firewall/audit/audit_record.hpp"

#include <set>
#include <string>

#include "catch.hpp"
#include "support/text.hpp"

namespace agentbox::firewall::audit {
namespace {

AuditRecord sample() {
  AuditRecord record;
  record.time = "2026-01-31T12:00:00.123Z";
  record.box = "mybox";
  record.kind = Kind::connect;
  record.name = "api.example.com";
  record.address = "203.0.113.5";
  record.port = 443;
  record.protocol = "tcp";
  record.verdict = Verdict::allow;
  record.reason = Reason::allowed;
  record.text = "";
  record.rule = "api.example.com";
  record.by = DecidedBy::user;
  record.bytes_up = 1234;
  record.bytes_down = 18446744073709551615ULL;
  record.duration_ms = 77;
  return record;
}

TEST_CASE("a record is one line of JSON", "[audit]") {
  CHECK(to_json_line(sample()) ==
        R"({"time":"2026-01-31T12:00:00.123Z","box":"mybox","kind":"connect","name":"api.example.com",)"
        R"("address":"203.0.113.5","port":443,"protocol":"tcp","verdict":"allow","reason":"allowed","text":"",)"
        R"("rule":"api.example.com","by":"user","bytes_up":1234,"bytes_down":18446744073709551615,"duration_ms":77})"
        "\n");
}

TEST_CASE("a record survives a round trip", "[audit]") {
  for (const Kind kind : {Kind::dns, Kind::connect, Kind::address, Kind::gate, Kind::firewall}) {
    AuditRecord record = sample();
    record.kind = kind;
    CHECK(from_json_line(to_json_line(record)) == record);
  }
}

TEST_CASE("the log of another version can be read", "[audit]") {
  std::string line = to_json_line(sample());
  line.erase(line.find(R"("by":"user",)"), std::string_view(R"("by":"user",)").size());
  const auto older = from_json_line(line);
  REQUIRE(older);
  CHECK(older->by == DecidedBy::firewall);
  CHECK(older->reason == Reason::allowed);
  line.replace(line.find(R"("reason":"allowed")"), std::string_view(R"("reason":"allowed")").size(),
               R"("reason":"new")");
  const auto newer = from_json_line(line);
  REQUIRE(newer);
  CHECK(newer->reason == Reason::other);
  CHECK(newer->verdict == Verdict::allow);
}

TEST_CASE("each reason has its own token, and a description", "[audit]") {
  std::set<std::string_view> tokens;
  for (int i = 0; i <= static_cast<int>(Reason::other); ++i) {
    const auto reason = static_cast<Reason>(i);
    CHECK(parse_reason(token_of(reason)) == reason);
    CHECK(tokens.insert(token_of(reason)).second);
    CHECK(describe(reason).empty() == (reason == Reason::none));
  }
  CHECK(describe(Reason::upstream_connect, "timed out") == "could not connect to the host name's addresses: timed out");
}

TEST_CASE("text from the box cannot break out of its line or the terminal", "[audit]") {
  AuditRecord record = sample();
  record.name = "evil\x1b]52;c;AAAA\x07.example\n{\"time\":1}\"\xff\xc2\x9b";
  record.text = std::string(5000, 'x');
  const std::string line = to_json_line(record);
  CHECK(line.find('\n') == line.size() - 1);
  CHECK(line.find('\x1b') == std::string::npos);
  CHECK(line.find('\xff') == std::string::npos);
  CHECK(line.size() <= 4096);
  const auto back = from_json_line(line);
  REQUIRE(back);
  CHECK(back->name.find('\x1b') == std::string::npos);
}

TEST_CASE("any bytes are escaped as support::escape_untrusted does", "[audit]") {
  const auto comes_back = [](const std::string& name) {
    AuditRecord record = sample();
    record.name = name;
    const auto back = from_json_line(to_json_line(record));
    return back && back->name == support::escape_untrusted(name) && back->text == record.text;
  };
  for (unsigned byte = 0; byte < 256; ++byte) {
    INFO(byte);
    CHECK(comes_back(std::string("a") + static_cast<char>(byte) + "z"));
  }
  for (const std::size_t length : {0U, 1U, 299U, 300U, 301U, 5000U}) {
    INFO(length);
    CHECK(comes_back(std::string(length, 'x')));
    CHECK(comes_back(std::string(length, '"')));
  }
  CHECK(comes_back("b\u00fccher.example"));
}

TEST_CASE("lines that are not records are skipped", "[audit]") {
  const std::string line = to_json_line(sample());
  CHECK_FALSE(from_json_line(""));
  CHECK_FALSE(from_json_line("[]"));
  CHECK_FALSE(from_json_line("{}"));
  CHECK_FALSE(from_json_line(line.substr(0, line.size() / 2)));
  CHECK_FALSE(from_json_line(line + line));
  CHECK_FALSE(from_json_line(std::string(20000, ' ') + line));
  std::string other = line;
  other.replace(other.find("connect"), 7, "unheard");
  CHECK_FALSE(from_json_line(other));
  other = line;
  other.replace(other.find("\"allow\""), 7, "\"maybe\"");
  CHECK_FALSE(from_json_line(other));
  other = line;
  other.insert(1, "\"new\":[1],");
  CHECK(from_json_line(other) == sample()); // a newer version's key
}

TEST_CASE("numbers that do not fit are not truncated", "[audit]") {
  const auto with_port = [](const std::string& number) {
    std::string line = to_json_line(sample());
    const auto at = line.find("\"port\":") + 7;
    return from_json_line(line.replace(at, line.find(',', at) - at, number));
  };
  CHECK(with_port("65535"));
  for (const char* number :
       {"65536", "-1", "443.5", "443.0", "1e80", "true", "\"443\"", "null", "18446744073709551616"}) {
    INFO(number);
    CHECK_FALSE(with_port(number));
  }
}

TEST_CASE("times are UTC with milliseconds", "[audit]") {
  using std::chrono::milliseconds;
  const std::chrono::system_clock::time_point epoch;
  CHECK(format_time(epoch) == "1970-01-01T00:00:00.000Z");
  CHECK(format_time(epoch + milliseconds(1767225599999)) == "2025-12-31T23:59:59.999Z");
  CHECK(format_time(epoch - milliseconds(1)) == "1969-12-31T23:59:59.999Z");
}

} // namespace
} // namespace agentbox::firewall::audit
