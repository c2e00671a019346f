// SPDX-License-Identifier: Apache-2.0
#include "conversations/store.hpp"

#include <cstdlib>
#include <ctime>
#include <sys/stat.h>

#include "catch.hpp"
#include "support/error.hpp"
#include "temp_directory.hpp"

using namespace agentbox;
using namespace agentbox::conversations;
namespace fs = std::filesystem;

namespace {

constexpr const char* k_id = "e01be573-61cf-4bb5-81bc-507976793f9d";
constexpr const char* k_other = "01a2242f-e72c-7c42-9f86-e6b216116f6f";

/// A state directory of its own, and a project in it.
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

TEST_CASE("each workspace has a directory of its own, which only the user can enter") {
  const State state;
  CHECK(state.project() != project_directory("/work/shop2"));
  CHECK(state.project().parent_path() == state.temporary.path() / "agentbox/history");
  make_directory(state.claude(), state.workspace);
  for (fs::path path = state.claude(); path != state.temporary.path(); path = path.parent_path()) {
    CHECK(mode_of(path) == 0700);
  }
  fs::permissions(state.claude(), fs::perms::all); // as a box can
  make_directory(state.claude(), state.workspace);
  CHECK(mode_of(state.claude()) == 0700);
}

TEST_CASE("a symbolic link in place of the directory is refused") {
  const State state;
  make_directory(state.claude(), state.workspace);
  fs::remove(state.claude());
  fs::create_directory_symlink("/tmp", state.claude());
  CHECK_THROWS_AS(make_directory(state.claude(), state.workspace), support::Error);
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

TEST_CASE("a conversation is removed with what the agent stored beside it, and old ones by age") {
  const State state;
  const std::string stem = "claude/.claude/projects/-workspace/" + std::string(k_id);
  const std::string kept = "claude/.claude/projects/-workspace/" + std::string(k_other) + ".jsonl";
  const fs::path file = state.write(stem + ".jsonl", "{}");
  state.write(stem + "/subagents/a.jsonl", "{}");
  state.write(kept, "{}");
  const std::time_t now = std::time(nullptr);
  fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(24 * 31));
  prune(now, 32);
  CHECK(fs::exists(file));
  prune(now, 30);
  CHECK_FALSE(fs::exists(file));
  CHECK_FALSE(fs::exists(state.project() / stem));
  CHECK(fs::exists(state.project() / kept));
}

TEST_CASE("the start of a conversation is read, however long the rest is, and nothing but a file") {
  const State state;
  const std::string name = "claude/.claude/projects/" + std::string(k_id) + ".jsonl";
  const fs::path file = state.write(name, "0123456789");
  fs::resize_file(file, std::uintmax_t{1} << 40U); // sparse
  Conversation one = find(state.project()).front();
  CHECK(read_start(state.project(), one, 4) == "0123");
  one.bytes = 100; // it shrank meanwhile
  fs::resize_file(file, 3);
  CHECK(read_start(state.project(), one, 100) == "012");
  fs::remove(file);
  REQUIRE(mkfifo(file.c_str(), 0600) == 0);
  CHECK_THROWS_AS(read_start(state.project(), one, 4), support::Error);
}
