// SPDX-License-Identifier: Apache-2.0
#include "network/live_notices.hpp"

#include <algorithm>
#include <fstream>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sstream>

#include "catch.hpp"
#include "firewall/audit/audit_record.hpp"
#include "temp_directory.hpp"

using namespace agentbox;
using namespace agentbox::network;

namespace {

/// Captures stderr during its lifetime.
class CapturedStderr {
public:
  CapturedStderr() {
    auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(m_text));
    logger->set_pattern("%v");
    spdlog::set_default_logger(std::move(logger));
  }
  ~CapturedStderr() { spdlog::set_default_logger(m_before); }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;
  CapturedStderr(CapturedStderr&&) = delete;
  CapturedStderr& operator=(CapturedStderr&&) = delete;

  std::string text() const { return m_text.str(); }

private:
  std::shared_ptr<spdlog::logger> m_before = spdlog::default_logger();
  std::ostringstream m_text;
};

void block(const std::filesystem::path& directory, const std::string& name) {
  firewall::audit::AuditRecord record;
  record.time = "2026-01-31T12:00:00.123Z";
  record.box = "b";
  record.kind = firewall::audit::Kind::dns;
  record.name = name;
  record.reason = firewall::audit::Reason::not_listed;
  std::ofstream(directory / "b.jsonl", std::ios::app) << firewall::audit::to_json_line(record);
}

} // namespace

TEST_CASE("the title is set, saved once, and restored", "[live]") {
  CHECK(title_sequence("denied x.example", true) == "\033[22;2t\033]2;denied x.example\007");
  CHECK(title_sequence("denied x.example", false) == "\033]2;denied x.example\007");
  CHECK(restore_title_sequence() == "\033]2;\007\033[23;2t");
}

TEST_CASE("text cannot end the title sequence", "[live]") {
  const std::string sequence = title_sequence("a\x07\x1b\\\x9c" + std::string(1000, 'x'), false);
  CHECK(sequence.find('\x07') == sequence.size() - 1);
  CHECK(sequence.rfind('\x1b') == 0);
  CHECK(sequence.size() < 200);
}

TEST_CASE("without a terminal, each blocked host is reported once on a line", "[live]") {
  const tests::TempDirectory directory;
  const CapturedStderr captured;
  LiveNotices notices(directory.path(), "b", {false, false, false}, false);
  block(directory.path(), "x.example");
  block(directory.path(), "x.example");
  CHECK(notices.report_new() == LiveNotices::k_pace);
  CHECK(captured.text() ==
        "denied: x.example (not on the list of hosts) - allow it with: agentbox allow x.example --for 10m\n");
  block(directory.path(), "x.example");
  notices.report_new();
  const std::string text = captured.text();
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  CHECK(notices.reported().contains("denied: x.example"));
}

TEST_CASE("a flood becomes a few lines", "[live]") {
  const tests::TempDirectory directory;
  const CapturedStderr captured;
  LiveNotices notices(directory.path(), "b", {false, false, true}, false);
  for (int i = 0; i < 500; ++i) {
    block(directory.path(), "n" + std::to_string(i) + ".example");
  }
  while (notices.report_new() == std::chrono::milliseconds(0)) {
  }
  const std::string text = captured.text();
  CHECK(std::count(text.begin(), text.end(), '\n') == 21);
  CHECK(text.find("agentbox network follow") != std::string::npos);
}

TEST_CASE("no line is written to the agent's screen", "[live]") {
  const tests::TempDirectory directory;
  const CapturedStderr captured;
  LiveNotices notices(directory.path(), "b", {true, true, true}, false);
  block(directory.path(), "x.example");
  notices.report_new();
  CHECK(captured.text().empty());
  CHECK(notices.reported().empty());
}
