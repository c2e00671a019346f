// SPDX-License-Identifier: Apache-2.0
#include "conversations/store.hpp"

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "temp_directory.hpp"

using namespace agentbox;
using namespace agentbox::conversations;
namespace fs = std::filesystem;

namespace {

constexpr const char* k_id = "e01be573-61cf-4bb5-81bc-507976793f9d";
constexpr const char* k_other = "01a2242f-e72c-7c42-9f86-e6b216116f6f";

/// A state directory for one test, and a project in it.
struct State {
  tests::TempDirectory temporary;
  fs::path workspace = "/work/shop";
  State() { setenv("XDG_STATE_HOME", temporary.path().c_str(), 1); }
  ~State() { unsetenv("XDG_STATE_HOME"); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  fs::path project() const { return project_directory(workspace); }
  fs::path claude() const { return project() / "claude/.claude/projects"; }
  fs::path write(const std::string& name, const std::string& text) const {
    return temporary.write((project() / name).lexically_relative(temporary.path()).native(), text);
  }
};

mode_t mode_of(const fs::path& path) {
  struct stat info {};
  REQUIRE(lstat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

} // namespace

TEST_CASE("each workspace has its own directory, which only the user can enter") {
  const State state;
  CHECK(state.project() != project_directory("/work/shop2"));
  CHECK(state.project().parent_path() == state.temporary.path() / "agentbox/history");
  make_place(state.claude(), state.workspace);
  for (fs::path path = state.claude(); path != state.temporary.path(); path = path.parent_path()) {
    CHECK(mode_of(path) == 0700);
  }
  fs::permissions(state.claude(), fs::perms::all); // as a box can
  make_place(state.claude(), state.workspace);
  CHECK(mode_of(state.claude()) == 0700);
}

TEST_CASE("a symbolic link in place of the directory is refused") {
  const State state;
  make_place(state.claude(), state.workspace);
  fs::remove(state.claude());
  fs::create_directory_symlink("/tmp", state.claude());
  CHECK_THROWS_AS(make_place(state.claude(), state.workspace), support::Error);
}

TEST_CASE("conversations are found by the UUID in their names, newest first") {
  const State state;
  const fs::path old = state.write("claude/.claude/projects/-workspace/" + std::string(k_id) + ".jsonl", "{}\n");
  const fs::path young = state.write(
      "codex/.codex/sessions/2026/11/28/rollout-2026-11-28T22-04-08-" + std::string(k_other) + ".jsonl", "{}\n");
  state.write("claude/.claude/projects/-workspace/memory/notes.jsonl", "{}");
  state.write("claude/.claude/projects/-workspace/" + std::string(k_id) + ".txt", "{}");
  fs::last_write_time(old, fs::last_write_time(young) - std::chrono::hours(1));
  const auto found = find(state.project());
  REQUIRE(found.size() == 2);
  CHECK(found[0].agent == "codex");
  CHECK(found[0].id == k_other);
  CHECK(found[0].bytes == 3);
  CHECK(found[1].agent == "claude");
  CHECK(found[1].id == k_id);
  CHECK(find(project_directory("/elsewhere")).empty());
}

TEST_CASE("a conversation of Copilot is a directory with the UUID as its name, and removed with it") {
  const State state;
  const std::string directory = "copilot/.copilot/session-state/";
  state.write(directory + k_id + "/events.jsonl", "{}\n");
  state.write(directory + k_id + "/checkpoints/index.md", "");
  const fs::path other = state.write(directory + k_other + "/events.jsonl", "{}\n");
  state.write(directory + "x-" + k_id + "/events.jsonl", "{}\n");
  const auto found = find(state.project());
  REQUIRE(found.size() == 2);
  const Conversation& one = found[0].id == k_id ? found[0] : found[1];
  CHECK((one.agent == "copilot" && one.id == k_id));
  remove(state.project(), one);
  CHECK_FALSE(fs::exists(state.project() / directory / k_id));
  CHECK(fs::exists(other));
}

TEST_CASE("a conversation of Gemini CLI has its ID in its first line, and may have several files") {
  const State state;
  const std::string directory = "gemini/.gemini/tmp/workspace/chats/session-2026-11-29T14-5";
  const std::string start = R"({"sessionId":")" + std::string(k_id) + R"(","kind":"main"})" + "\n";
  const fs::path long_one = state.write(directory + "0-e01be573.jsonl", start + "{}\n");
  const fs::path short_one = state.write(directory + "1-e01be573.jsonl", start);
  state.write(directory + "2-e01be574.jsonl", start);
  state.write(directory + "3-e01be573.jsonl", "{\"sessionId\":\"e01be573\"}\n");
  state.write(directory + "4-e01be573.jsonl", "");
  const fs::path fifo = state.project() / (directory + "5-e01be573.jsonl");
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  const auto found = find(state.project());
  REQUIRE(found.size() == 1);
  CHECK(found[0].id == k_id);
  CHECK(state.project() / found[0].file == long_one);
  CHECK(found[0].bytes == 2 * start.size() + 3);
  remove(state.project(), found[0]);
  CHECK_FALSE((fs::exists(long_one) || fs::exists(short_one)));
  CHECK(fs::exists(fifo));
}

TEST_CASE("a database is one conversation, and is removed with the files that belong to it") {
  const State state;
  const std::string directory = "opencode/.local/share/opencode/conversations/opencode.db";
  state.write(directory, "12");
  state.write(directory + "-wal", "12345");
  const auto found = find(state.project());
  REQUIRE(found.size() == 1);
  CHECK((found[0].is_database() && found[0].agent == "opencode" && found[0].bytes == 7));
  remove(state.project(), found[0]);
  CHECK_FALSE((fs::exists(state.project() / directory) || fs::exists(state.project() / (directory + "-wal"))));
}

TEST_CASE("a prompt file is private, is shortened, and is kept where no box can replace it") {
  const State state;
  const fs::path file = kept_path(state.project(), "claude", ".claude/history.jsonl");
  CHECK(kept_path(state.project(), "claude", ".claude/projects") == state.claude());
  CHECK(file == state.project() / "prompts/claude/.claude/history.jsonl");
  make_place(file, state.workspace);
  CHECK(mode_of(file) == 0600);
  std::ofstream(file) << "first\n" << std::string(2U << 20U, 'x') << "\nlast\n";
  fs::permissions(file, fs::perms::none); // as a box can
  make_place(file, state.workspace);
  CHECK(mode_of(file) == 0600);
  CHECK(support::read_file(file, 4096) == "last\n");
  std::ofstream(file) << std::string(2U << 20U, 'x');
  make_place(file, state.workspace);
  CHECK(support::read_file(file, 4096).empty());
  CHECK(find(state.project()).empty());
  fs::remove(file);
  fs::create_symlink("/dev/null", file);
  CHECK_THROWS_AS(make_place(file, state.workspace), support::Error);
}

TEST_CASE("the prompts of a conversation are removed with it") {
  const State state;
  const fs::path file = kept_path(state.project(), "claude", ".claude/history.jsonl");
  const fs::path of_codex = kept_path(state.project(), "codex", ".codex/history.jsonl");
  make_place(file, state.workspace);
  make_place(of_codex, state.workspace);
  const std::string line = R"({"display":"one","sessionId":")" + std::string(k_id) + "\"}\n";
  std::ofstream(file) << line << "{\"display\":\"two\"}\n" << line;
  std::ofstream(of_codex) << line;
  state.write("claude/.claude/projects/-workspace/" + std::string(k_id) + ".jsonl", "{}\n");
  remove(state.project(), find(state.project()).at(0));
  CHECK(support::read_file(file, 4096) == "{\"display\":\"two\"}\n");
  CHECK(support::read_file(of_codex, 4096) == line);
}

TEST_CASE("no symbolic link is followed") {
  const State state;
  const tests::TempDirectory outside;
  const std::string name = std::string(k_id) + ".jsonl";
  outside.write(name, "secret");
  state.write("claude/.claude/projects/x", "");
  fs::create_directory_symlink(outside.path(), state.claude() / "linked");
  fs::create_symlink(outside / name, state.claude() / name);
  CHECK(find(state.project()).empty());
  const Conversation linked{"claude", k_id, fs::path("claude/.claude/projects") / name, 0, 0};
  CHECK_THROWS_AS(read_start(state.project(), linked, 100), support::Error);
  const Conversation below{"claude", k_id, fs::path("claude/.claude/projects/linked") / name, 0, 0};
  CHECK_THROWS_AS(read_start(state.project(), below, 100), support::Error);
  CHECK_THROWS_AS(remove(state.project(), below), support::Error);
  CHECK(fs::exists(outside / name));
}

TEST_CASE("a conversation is removed with what the agent stored next to it, and old ones by age") {
  const State state;
  const std::string stem = "claude/.claude/projects/-workspace/" + std::string(k_id);
  const fs::path file = state.write(stem + ".jsonl", "{}");
  state.write(stem + "/subagents/a.jsonl", "{}");
  const fs::path kept = state.write("claude/.claude/projects/-workspace/" + std::string(k_other) + ".jsonl", "{}");
  const fs::path notes = state.write("claude/.claude/projects/-workspace/memory/MEMORY.md", "follow");
  remove(state.project(),
         find(state.project()).back().id == k_id ? find(state.project()).back() : find(state.project()).front());
  CHECK_FALSE(fs::exists(file));
  CHECK_FALSE(fs::exists(state.project() / stem));
  constexpr std::time_t k_day = 24 * 3600;
  const std::time_t now = std::time(nullptr);
  fs::last_write_time(kept, fs::file_time_type::clock::now() - std::chrono::hours(24 * 365));
  prune(now + 29 * k_day, 30);
  CHECK(fs::exists(kept));
  CHECK(fs::exists(notes));
  fs::last_write_time(kept,
                      fs::file_time_type::clock::now() + std::chrono::hours(24 * 365)); // a box evades the age limit
  prune(now + 31 * k_day, 30);
  CHECK_FALSE(fs::exists(state.project()));
}

TEST_CASE("everything that a box left is removed: deep, closed, under any name, and no link is followed") {
  const State state;
  const tests::TempDirectory outside;
  const fs::path precious = outside.write("precious", "x");
  const std::string top = "claude/.claude/projects/";
  state.write(top + "-workspace/memory/MEMORY.md", "follow");
  state.write(top + "-workspace/no-uuid.jsonl", "{}");
  state.write(top + "closed/x", "x");
  state.write(top + std::string(k_id) + ".jsonl", "{}");
  state.write("codex/.codex/sessions/x", "x");
  fs::permissions(state.claude() / "closed", fs::perms::none);
  fs::create_directory_symlink(outside.path(), state.claude() / "linked");
  fs::create_directory_symlink(outside.path(), state.claude() / "-workspace/linked");
  const fs::path before = fs::current_path();
  fs::create_directory(state.claude() / k_id);
  fs::current_path(state.claude() / k_id);
  for (int i = 0; i < 3000; ++i) { // more levels than descriptors, and longer than PATH_MAX
    REQUIRE(mkdir("d", 0700) == 0);
    REQUIRE(chdir("d") == 0);
  }
  fs::current_path(before);
  remove(state.project(), find(state.project()).front());
  CHECK_FALSE(fs::exists(state.claude() / k_id));
  CHECK(fs::exists(state.claude() / "-workspace/no-uuid.jsonl"));
  remove_project(state.project());
  CHECK_FALSE(fs::exists(state.project()));
  CHECK(fs::exists(precious));
  remove_project(state.project()); // nothing is kept
}

TEST_CASE("a project that cannot be pruned does not keep the others from it") {
  const State state;
  for (const char* workspace : {"/work/a", "/work/b", "/work/c"}) {
    make_place(project_directory(workspace) / "claude/.claude/projects", workspace);
  }
  std::ofstream(project_directory("/work/b") / "removed") << "not a directory";
  CHECK_THROWS_AS(prune(std::time(nullptr) + 86400 * 31L, 30), support::Error);
  CHECK_FALSE(fs::exists(project_directory("/work/a")));
  CHECK_FALSE(fs::exists(project_directory("/work/c")));
  CHECK(fs::exists(project_directory("/work/b")));
}
