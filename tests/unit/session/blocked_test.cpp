// SPDX-License-Identifier: Apache-2.0
#include "session/blocked.hpp"

#include <filesystem>
#include <fstream>

#include "catch.hpp"
#include "firewall/audit/record.hpp"

using namespace agentbox;
using namespace agentbox::session;
using firewall::audit::Kind;
using firewall::audit::Record;
using firewall::audit::Verdict;
using Lines = std::vector<std::string>;

namespace {

std::string line(Kind kind, const std::string& name, std::uint16_t port, const std::string& reason,
                 Verdict verdict = Verdict::deny) {
  Record record;
  record.time = "2026-01-31T12:00:00.123Z";
  record.box = "b";
  record.kind = kind;
  record.name = name;
  record.port = port;
  record.protocol = "tcp";
  record.reason = reason;
  record.text = "why";
  record.verdict = verdict;
  return firewall::audit::to_json_line(record);
}

} // namespace

TEST_CASE("what was blocked, with the flag that would allow it") {
  const std::string audit = line(Kind::dns, "evil.example", 0, "not-listed") +
                            line(Kind::dns, "evil.example", 0, "not-listed") +
                            line(Kind::connect, "api.openai.com", 22, "port-not-listed") +
                            line(Kind::connect, "api.openai.com", 443, "sni-mismatch");
  CHECK(blocked_summary(audit) ==
        Lines{"blocked: evil.example (2 times) - allow with: agentbox run --allow evil.example",
              "blocked: api.openai.com:22 - allow with: agentbox run --allow api.openai.com:22",
              "blocked: api.openai.com:443: why"});
}

TEST_CASE("what was allowed, and the firewall's own life, are no news") {
  CHECK(blocked_summary(line(Kind::connect, "api.openai.com", 443, "allowed", Verdict::allow) +
                        line(Kind::firewall, "", 0, "start", Verdict::allow) + line(Kind::gate, "", 0, "x"))
            .empty());
  CHECK(blocked_summary("").empty());
  CHECK(blocked_summary("no json\n{\"half\": \n").empty());
}

TEST_CASE("a name that is none gets no flag, and reaches no terminal as it is") {
  const Lines lines = blocked_summary(line(Kind::dns, "a\x1b[2Jb", 0, "bad-name"));
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find('\x1b') == std::string::npos);
  CHECK(lines[0].find("--allow") == std::string::npos);
}

TEST_CASE("five lines at most") {
  std::string audit;
  for (char letter = 'a'; letter < 'i'; ++letter) {
    audit += line(Kind::dns, std::string(1, letter) + ".example", 0, "not-listed");
  }
  const Lines lines = blocked_summary(audit);
  REQUIRE(lines.size() == 6);
  CHECK(lines.back() == "blocked: 3 more; see: agentbox logs");
}

TEST_CASE("only this run's part of the file counts") {
  const auto file = std::filesystem::temp_directory_path() / ("agentbox-audit-" + std::to_string(getpid()));
  CHECK(audit_length(file) == 0);
  CHECK(audit_since(file, 0).empty());
  std::ofstream(file) << "old\n";
  const auto start = audit_length(file);
  std::ofstream(file, std::ios::app) << "new\n";
  CHECK(audit_since(file, start) == "new\n");
  CHECK(audit_since(file, 100).empty());
  std::filesystem::remove(file);
}
