// SPDX-License-Identifier: Apache-2.0
// Agents that are given a key do not ask about it: agent-entrypoint is run with stand-ins for the agents that show what
// they find.
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

#include "catch.hpp"
#include "stand_in.hpp"

using namespace agentbox::entrypoint_test;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

constexpr const char* k_seed = "{\n  \"hasCompletedOnboarding\": true\n}\n";

/// A home directory as the image has it, with stand-ins for the agents in bin/.
class Home {
public:
  Home() {
    std::string name = (fs::temp_directory_path() / "agentbox-home-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    m_path = name;
    fs::create_directories(m_path / ".codex");
    fs::create_directories(m_path / "bin");
    write(".claude.json", k_seed);
    agent("claude", "cat \"$HOME/.claude.json\"");
    agent("codex", "cat \"$HOME/.codex/auth.json\"; stat -Lc %a \"$HOME/.codex/auth.json\"");
  }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;
  Home(Home&&) = delete;
  Home& operator=(Home&&) = delete;
  ~Home() {
    std::error_code ignored;
    if (const fs::path target = fs::read_symlink(auth(), ignored); !ignored) {
      fs::remove(target, ignored);
    }
    fs::remove_all(m_path, ignored);
  }

  fs::path auth() const { return m_path / ".codex/auth.json"; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(m_path / name) << text; }
  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(m_path / name).rdbuf();
    return text.str();
  }
  /// Returns what agent `name` prints when the box has `variables`.
  std::string start(const std::string& name, const std::vector<std::string>& variables) const {
    Surroundings surroundings;
    surroundings.env.emplace_back("HOME=" + m_path.string());
    surroundings.env.insert(surroundings.env.end(), variables.begin(), variables.end());
    return run(surroundings, {"exec", (m_path / "bin" / name).string()}).output;
  }

private:
  void agent(const std::string& name, const std::string& script) const {
    write("bin/" + name, "#!/bin/sh\n" + script + "\n");
    fs::permissions(m_path / "bin" / name, fs::perms::owner_all);
  }

  fs::path m_path;
};

const std::string k_key = "sk-ant-0123456789-the-last-twenty-chars";
const std::string k_claude_key = "ANTHROPIC_API_KEY=" + k_key;

} // namespace

TEST_CASE("claude finds its key approved, by its last 20 characters only") {
  const Home home;
  CHECK(home.start("claude", {k_claude_key}) ==
        R"({"customApiKeyResponses":{"approved":["he-last-twenty-chars"],"rejected":[]},)"
        "\n  \"hasCompletedOnboarding\": true\n}\n");
  const std::string once = home.read(".claude.json");
  home.start("claude", {"ANTHROPIC_API_KEY=another-key-another-key-another"});
  CHECK(home.read(".claude.json") == once); // the agent's own file now: not changed
  CHECK_FALSE(fs::exists(home.auth()));
}

TEST_CASE("a short key is approved in full") {
  const Home home;
  CHECK_THAT(home.start("claude", {"ANTHROPIC_API_KEY=short"}), Contains(R"("approved":["short"])"));
}

TEST_CASE("without a usable key, or for another program, nothing is written") {
  const Home home;
  home.start("claude", {});
  home.start("claude", {"ANTHROPIC_API_KEY="});
  home.start("claude", {"ANTHROPIC_API_KEY=a\"],\"x\":[\""});
  home.start("claude", {"ANTHROPIC_API_KEY=two words"});
  home.start("codex", {k_claude_key});
  CHECK(home.read(".claude.json") == k_seed);
  home.start("claude", {"CODEX_API_KEY=" + k_key});
  CHECK_FALSE(fs::exists(fs::symlink_status(home.auth())));
}

TEST_CASE("a file that is not the image's is not changed") {
  const Home home;
  for (const char* text : {"", "{}", "[1]", "{\"customApiKeyResponses\":{}}"}) {
    home.write(".claude.json", text);
    home.start("claude", {k_claude_key});
    CHECK(home.read(".claude.json") == text);
  }
}

TEST_CASE("codex finds itself logged in, with a key that is in memory only") {
  const Home home;
  const std::string variable = GENERATE("CODEX_API_KEY=", "OPENAI_API_KEY=");
  CHECK(home.start("codex", {variable + k_key}) == "{\"OPENAI_API_KEY\":\"" + k_key + "\"}\n600\n");
  CHECK(fs::read_symlink(home.auth()).parent_path() == "/dev/shm");
}

TEST_CASE("credentials that are mounted stay") {
  const Home home;
  home.write(".codex/auth.json", "theirs\n");
  CHECK_THAT(home.start("codex", {"CODEX_API_KEY=" + k_key}), Contains("theirs"));
  CHECK_FALSE(fs::is_symlink(home.auth()));
}

TEST_CASE(
    "the login of a box takes precedence over a key and over what an earlier box left, and nothing else is linked") {
  const Home home;
  home.start("claude", {});
  CHECK_FALSE(fs::exists(fs::symlink_status(home.auth())));
  const fs::path login = home.auth().parent_path().parent_path() / ".agentbox-login/codex/auth.json";
  fs::create_directories(login.parent_path());
  home.write(".agentbox-login/codex/auth.json", "the login\n");
  home.write(".codex/auth.json", "an old one\n");
  CHECK_THAT(home.start("codex", {"CODEX_API_KEY=" + k_key}), Contains("the login"));
  CHECK(fs::read_symlink(home.auth()) == login);
  home.start("claude", {}); // for any program, because a shell may start codex
  CHECK(fs::read_symlink(home.auth()) == login);
}
