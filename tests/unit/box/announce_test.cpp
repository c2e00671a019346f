// SPDX-License-Identifier: Apache-2.0
#include "box.hpp"
#include "box/announce.hpp"

#include <cstdlib>
#include <ctime>
#include <fstream>

#include "conversations/store.hpp"
#include "logins/login_store.hpp"
#include "temp_directory.hpp"

using namespace agentbox;
using namespace agentbox::box;
using namespace agentbox::boxes;
using Catch::Matchers::Contains;

namespace {
constexpr support::Terminal k_terminal{true, true, true};
constexpr support::Terminal k_pipe{};
} // namespace

TEST_CASE("one line on a terminal, none in a pipe") {
  const auto fields = session_test::fields();
  const auto lines = announcement(fields, k_terminal, "/home/user");
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines[0], Contains("project-1234") && Contains("~/project at /workspace") && Contains("6 hosts"));
  CHECK(announcement(fields, k_pipe, "/home/user").empty());
}

TEST_CASE("the full network is reported on every start") {
  auto fields = session_test::fields();
  fields.egress.mode = policy::NetworkMode::full;
  const auto lines = announcement(fields, k_pipe, "/home/user");
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines[0], Contains("--full-network") && Contains("no firewall"));
}

TEST_CASE("further CA certificates are reported on every start, since SSL_CERT_FILE may name them") {
  auto fields = session_test::fields();
  fields.ca_bundle = "/home/user/ca.pem";
  CHECK(announcement(fields, k_pipe, "/home/user") ==
        std::vector<std::string>{"the box trusts the CA certificates in ~/ca.pem"});
}

TEST_CASE("every further host path is named, and escaped for the terminal") {
  auto fields = session_test::fields();
  fields.mounts = {{"/home/user/.codex/auth.json", "/home/agent/.codex/auth.json", false, "--auth codex"},
                   {"/data/\x1b]52;c;x\x07", "/data", true, "--mount"}};
  const auto lines = announcement(fields, k_pipe, "/home/user");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "also mounted in the box: ~/.codex/auth.json (read-write), because of --auth codex");
  CHECK_THAT(lines[1], Contains("read-only") && Contains("\\x1b]52") && !Contains("\x1b"));
}

TEST_CASE("the line at the end names the conversations since the start, even if another box wrote them") {
  const tests::TempDirectory state;
  setenv("XDG_STATE_HOME", state.path().c_str(), 1);
  auto fields = session_test::fields();
  const std::filesystem::path project = conversations::project_directory(fields.workspace.source);
  fields.mounts = {{project / "codex/.codex/sessions", "/home/agent/.codex/sessions", false, conversations::k_reason},
                   {project / "prompts/codex/.codex/history.jsonl", "/home/agent/.codex/history.jsonl", false,
                    conversations::k_reason}};
  CHECK(announcement(fields, k_pipe, "/home/user").size() == 1);
  CHECK_FALSE(resume_line(fields, 0));
  const std::string id = "01a2242f-e72c-7c42-9f86-e6b216116f6";
  const auto write = [&](const std::string& digit) {
    std::filesystem::create_directories(project / "codex/.codex/sessions");
    std::ofstream(project / ("codex/.codex/sessions/rollout-" + id + digit + ".jsonl")) << "{}\n";
  };
  write("1");
  CHECK(resume_line(fields, 0) == "to resume this conversation: agentbox codex --resume " + id + "1");
  CHECK_FALSE(resume_line(fields, std::time(nullptr) + 100));
  write("2");
  CHECK_THAT(resume_line(fields, 0).value_or(""),
             Contains("to resume a conversation: agentbox codex --resume " + id) && Contains(", or " + id));
  std::filesystem::create_directories(project / "codex/db");
  std::ofstream(project / "codex/db/opencode.db") << "x";
  std::filesystem::remove_all(project / "codex/.codex");
  CHECK(resume_line(fields, 0) == "to continue this conversation: agentbox codex --continue");
  unsetenv("XDG_STATE_HOME");
}

TEST_CASE("a login is announced with its source and the host that renews it") {
  setenv("XDG_STATE_HOME", "/home/user/.local/state", 1);
  setenv("CLAUDE_CONFIG_DIR", "/home/user/.claude", 1);
  auto fields = session_test::fields();
  for (const auto origin : {logins::LoginOrigin::host, logins::LoginOrigin::own}) {
    const auto source = logins::place_of(*logins::find_login_kind("claude"), origin).shared();
    fields.mounts.push_back({source, "/home/agent/.agentbox-login/claude", false, "--auth claude"});
  }
  CHECK(announcement(fields, k_pipe, "/home/user") ==
        std::vector<std::string>{
            "the box has your login for claude from ~/.claude/.credentials.json (kept in sync, renewed at "
            "platform.claude.com)",
            "the box has your login for claude from agentbox login (kept in sync, renewed at platform.claude.com)"});
  unsetenv("XDG_STATE_HOME");
  unsetenv("CLAUDE_CONFIG_DIR");
}
