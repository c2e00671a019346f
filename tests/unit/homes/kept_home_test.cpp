// SPDX-License-Identifier: Apache-2.0
#include "homes/kept_home.hpp"

#include <cstdlib>
#include <fstream>
#include <optional>
#include <sys/stat.h>

#include "catch.hpp"
#include "support/error.hpp"
#include "temp_directory.hpp"

using namespace agentbox;
using namespace agentbox::homes;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t k_limit = 1ULL << 30U;

/// A state directory for one test, and a project in it.
struct State {
  tests::TempDirectory temporary;
  fs::path workspace = "/work/shop";
  State() { setenv("XDG_STATE_HOME", temporary.path().c_str(), 1); }
  ~State() {
    unsetenv("XDG_STATE_HOME");
    fs::permissions(temporary.path(), fs::perms::owner_all);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  fs::path home() const { return home_of(workspace); }
};

void fill(const HeldHome& held) {
  held.fill([](const fs::path& home) { std::ofstream(home / ".bashrc") << "of the image\n"; });
}

std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const support::Error& error) {
    CHECK(error.code() == support::ExitCode::refused);
    return error.what();
  }
  return "";
}

} // namespace

TEST_CASE("a home is made once, filled once, and only the user can enter it") {
  const State state;
  CHECK(home_of("/work/shop2") != state.home());
  CHECK_FALSE(fs::exists(state.temporary / "agentbox"));
  {
    const HeldHome held(state.workspace, k_limit);
    fill(held);
  }
  std::ofstream(state.home() / ".bashrc") << "of the user\n";
  const HeldHome held(state.workspace, k_limit);
  held.fill([](const fs::path&) { FAIL("filled twice"); });
  struct stat info {};
  REQUIRE(stat(state.home().c_str(), &info) == 0);
  CHECK((info.st_mode & 07777U) == 0700);
  REQUIRE(stat(state.home().parent_path().c_str(), &info) == 0);
  CHECK((info.st_mode & 07777U) == 0700);
}

TEST_CASE("a copy that failed is made again") {
  const State state;
  const HeldHome held(state.workspace, k_limit);
  CHECK_THROWS(held.fill([](const fs::path&) { throw support::Error(support::ExitCode::failed, "no space left"); }));
  fill(held);
  CHECK(fs::exists(state.home() / ".bashrc"));
}

TEST_CASE("a home that is a link, of a newer version, or too large is refused with its path") {
  const State state;
  const auto message = [&] { return refusal([&] { HeldHome(state.workspace, k_limit); }); };
  { const HeldHome held(state.workspace, k_limit); }
  const fs::path project = state.home().parent_path();
  fs::rename(state.home(), state.temporary / "elsewhere");
  fs::create_directory_symlink(state.temporary / "elsewhere", state.home());
  CHECK(message().find(state.home().string()) != std::string::npos);
  fs::remove(state.home());
  state.temporary.write("file", "");
  fs::rename(state.temporary / "file", state.home());
  CHECK(message().find(state.home().string()) != std::string::npos);
  fs::remove(state.home());
  std::ofstream(project / "format") << "2\n";
  CHECK(message().find("newer version") != std::string::npos);
  std::ofstream(project / "format") << "damaged\n";
  CHECK(message().find("format") != std::string::npos);
  std::ofstream(project / "format") << "1\n";
  std::ofstream(project / "size") << k_limit + 1 << "\n";
  CHECK(message().find("home.limit") != std::string::npos);
  std::ofstream(project / "size") << k_limit << "\n";
  CHECK(message().empty());
}

TEST_CASE("mount points are made as the user, and not through links") {
  const State state;
  const HeldHome held(state.workspace, k_limit);
  held.make_mount_points({{".claude/projects", true}, {".claude/.credentials.json", false}});
  held.make_mount_points({{".claude/projects", true}, {".claude/.credentials.json", false}});
  CHECK(fs::is_directory(state.home() / ".claude/projects"));
  CHECK(fs::is_regular_file(state.home() / ".claude/.credentials.json"));
  const fs::path outside = state.temporary / "outside";
  fs::create_directory(outside);
  fs::create_directory_symlink(outside, state.home() / ".codex");
  fs::create_symlink(outside / "new", state.home() / "link");
  const std::vector<std::vector<MountPoint>> refused = {
      {{".codex/sessions", true}},   {{".codex/auth.json", false}},        {{"link", false}}, {{"link", true}},
      {{".claude/projects", false}}, {{".claude/.credentials.json", true}}};
  for (const auto& points : refused) {
    CHECK(refusal([&] { held.make_mount_points(points); }).find("cannot mount anything at") != std::string::npos);
  }
  CHECK(fs::is_empty(outside));
}

TEST_CASE("a home that a box uses is not cleared; another one is, whatever it contains") {
  const State state;
  {
    const HeldHome held(state.workspace, k_limit);
    fill(held);
    const HeldHome other(state.workspace, k_limit); // boxes of one project share it
    REQUIRE(find_homes().size() == 1);
    CHECK(find_homes().front().in_use);
    CHECK(refusal([] { clear(find_homes().front()); }).find("/work/shop") != std::string::npos);
    CHECK(held.record_size() >= 1);
  }
  fs::create_directories(state.home() / "go/pkg/mod");
  std::ofstream(state.home() / "go/pkg/mod/x.go") << "x";
  fs::create_directory_symlink(state.temporary.path(), state.home() / "link");
  fs::permissions(state.home() / "go/pkg/mod", fs::perms::owner_read | fs::perms::owner_exec);
  fs::permissions(state.home() / "go/pkg", fs::perms::none);
  const KeptHome home = find_homes().front();
  CHECK(home.workspace == state.workspace);
  CHECK_FALSE(home.in_use);
  CHECK(home.bytes > 0);
  clear(home);
  CHECK(find_homes().empty());
  CHECK(fs::exists(state.temporary.path()));
  const HeldHome again(state.workspace, k_limit);
  bool filled = false;
  again.fill([&](const fs::path&) { filled = true; });
  CHECK(filled);
}
