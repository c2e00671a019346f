// SPDX-License-Identifier: Apache-2.0
#include "guard/git_outside.hpp"

#include <filesystem>

#include "box.hpp"
#include "temp_folder.hpp"

using namespace agentbox;
using namespace agentbox::guard;
using Kind = OutsideRepository::Kind;
namespace fs = std::filesystem;

namespace {

policy::PolicyFields fields_for(const fs::path& workspace) {
  policy::PolicyFields fields = session_test::fields();
  fields.workspace.source = workspace;
  return fields;
}

std::string said(const fs::path& workspace) {
  const auto outside = repository_outside(Walk(workspace));
  return outside ? describe(*outside, fields_for(workspace)).value_or("") : "";
}

} // namespace

TEST_CASE("a .git file's folder is read as Git reads it") {
  CHECK(gitdir_of("gitdir: /a/b\n") == "/a/b");
  CHECK(gitdir_of("gitdir: ../x/ \r\nmore") == "../x");
  CHECK_FALSE(gitdir_of("gitdir:\n"));
  CHECK_FALSE(gitdir_of("something"));
  CHECK_FALSE(gitdir_of(""));
  CHECK_FALSE(gitdir_of(std::string_view("gitdir: a\0b", 11)));
}

TEST_CASE("a true worktree's hint names the mount") {
  const tests::TempFolder folder;
  const fs::path git = folder / "main repo/.git";
  const fs::path own = git / "worktrees/wt";
  folder.write("wt/.git", "gitdir: " + own.string() + "\n");
  folder.write("main repo/.git/worktrees/wt/commondir", "../..\n");
  folder.write("main repo/.git/worktrees/wt/gitdir", (folder / "wt/.git").string() + "\n");
  const auto outside = repository_outside(Walk(folder / "wt"));
  REQUIRE(outside);
  CHECK(outside->kind == Kind::worktree);
  CHECK(outside->repository == git);
  CHECK(said(folder / "wt").find("--mount '" + git.string() + ":" + git.string() + "'") != std::string::npos);
  policy::PolicyFields fields = fields_for(folder / "wt");
  fields.mounts = {{git, git.string(), false, "--mount"}};
  CHECK_FALSE(describe(*outside, fields));
}

TEST_CASE("a true submodule's hint names the project") {
  const tests::TempFolder folder;
  folder.write("super/sub/.git", "gitdir: ../.git/modules/sub\n");
  folder.write("super/.git/modules/sub/config", "[core]\n\tworktree = ../../../sub\n");
  const auto outside = repository_outside(Walk(folder / "super/sub"));
  REQUIRE(outside);
  CHECK(outside->kind == Kind::submodule);
  CHECK(said(folder / "super/sub").find("start agentbox in " + (folder / "super").string()) != std::string::npos);
}

TEST_CASE("a folder that does not name the workspace back is not to be mounted") {
  const tests::TempFolder folder;
  const fs::path secret = folder / "secret";
  fs::create_directories(secret);
  std::string gitdir = secret.string();
  SECTION("nothing of Git's there") {}
  SECTION("it does not exist") {
    gitdir = (folder / "no/such").string();
  }
  SECTION("another working tree's") {
    folder.write("secret/config", "[core]\n\tworktree = /somewhere/else\n");
    folder.write("secret/gitdir", "/somewhere/else/.git\n");
  }
  SECTION("a link in the place of the file that would say it") {
    folder.write("w/mine", (folder / "w/.git").string() + "\n");
    fs::create_directories(secret / "worktrees/x");
    folder.write("secret/worktrees/x/commondir", "../..\n");
    fs::create_symlink(folder / "w/mine", secret / "worktrees/x/gitdir");
    gitdir += "/worktrees/x";
  }
  SECTION("a made-up worktree whose common folder is somewhere else") {
    folder.write("other/x/gitdir", (folder / "w/.git").string() + "\n");
    folder.write("other/x/commondir", secret.string() + "\n");
    gitdir = (folder / "other/x").string();
  }
  SECTION("the same below a folder of the right name") {
    folder.write("other/worktrees/x/gitdir", (folder / "w/.git").string() + "\n");
    folder.write("other/worktrees/x/commondir", secret.string() + "\n");
    gitdir = (folder / "other/worktrees/x").string();
  }
  folder.write("w/.git", "gitdir: " + gitdir + "\n");
  const std::string text = said(folder / "w");
  CHECK(text.find("does not point back") != std::string::npos);
  CHECK(text.find("--mount") == std::string::npos);
}

TEST_CASE("a .git file that leads into the workspace, or is none, leads nowhere else") {
  const tests::TempFolder folder;
  for (const char* text : {"gitdir: sub/.git\n", "gitdir: ./.bare", "nonsense", "gitdir: .\n"}) {
    INFO(text);
    folder.write("w/.git", text);
    CHECK_FALSE(repository_outside(Walk(folder / "w")));
  }
  folder.write("w/.git", "gitdir: ./.bare");
  CHECK(repository_inside(Walk(folder / "w")) == ".bare");
  folder.write("w/.git", "gitdir: /x\x1b]52;evil");
  CHECK(said(folder / "w").find('\x1b') == std::string::npos);
}

TEST_CASE("the repository of a folder above is found") {
  const tests::TempFolder folder;
  fs::create_directories(folder / "p/a/b");
  fs::create_directories(folder / "p/.git");
  const auto around = repository_around(Walk(folder / "p/a/b"));
  REQUIRE(around);
  CHECK(around->repository == folder / "p/.git");
  CHECK(around->tree == folder / "p");
}
