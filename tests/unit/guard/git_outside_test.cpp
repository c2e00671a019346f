// SPDX-License-Identifier: Apache-2.0
#include "guard/git_outside.hpp"

#include <filesystem>

#include "box.hpp"
#include "temp_directory.hpp"

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

TEST_CASE("a .git file's directory is read as Git reads it") {
  CHECK(gitdir_of("gitdir: /a/b\n") == "/a/b");
  CHECK(gitdir_of("gitdir: ../x/ \r\nmore") == "../x");
  CHECK_FALSE(gitdir_of("gitdir:\n"));
  CHECK_FALSE(gitdir_of("something"));
  CHECK_FALSE(gitdir_of(""));
  CHECK_FALSE(gitdir_of(std::string_view("gitdir: a\0b", 11)));
}

TEST_CASE("a true worktree's hint names the mount") {
  const tests::TempDirectory directory;
  const fs::path git = directory / "main repo/.git";
  const fs::path own = git / "worktrees/wt";
  directory.write("wt/.git", "gitdir: " + own.string() + "\n");
  directory.write("main repo/.git/worktrees/wt/commondir", "../..\n");
  directory.write("main repo/.git/worktrees/wt/gitdir", (directory / "wt/.git").string() + "\n");
  const auto outside = repository_outside(Walk(directory / "wt"));
  REQUIRE(outside);
  CHECK(outside->kind == Kind::worktree);
  CHECK(outside->repository == git);
  CHECK(said(directory / "wt").find("--mount '" + git.string() + ":" + git.string() + "'") != std::string::npos);
  policy::PolicyFields fields = fields_for(directory / "wt");
  fields.mounts = {{git, git.string(), false, "--mount"}};
  CHECK_FALSE(describe(*outside, fields));
}

TEST_CASE("a true submodule's hint names the project") {
  const tests::TempDirectory directory;
  directory.write("super/sub/.git", "gitdir: ../.git/modules/sub\n");
  directory.write("super/.git/modules/sub/config", "[core]\n\tworktree = ../../../sub\n");
  const auto outside = repository_outside(Walk(directory / "super/sub"));
  REQUIRE(outside);
  CHECK(outside->kind == Kind::submodule);
  CHECK(said(directory / "super/sub").find("start agentbox in " + (directory / "super").string()) != std::string::npos);
}

TEST_CASE("a directory that does not name the workspace back is not to be mounted") {
  const tests::TempDirectory directory;
  const fs::path secret = directory / "secret";
  fs::create_directories(secret);
  std::string gitdir = secret.string();
  SECTION("nothing of Git's there") {}
  SECTION("it does not exist") {
    gitdir = (directory / "no/such").string();
  }
  SECTION("another working tree's") {
    directory.write("secret/config", "[core]\n\tworktree = /somewhere/else\n");
    directory.write("secret/gitdir", "/somewhere/else/.git\n");
  }
  SECTION("a link in place of the file that names the workspace") {
    directory.write("w/mine", (directory / "w/.git").string() + "\n");
    fs::create_directories(secret / "worktrees/x");
    directory.write("secret/worktrees/x/commondir", "../..\n");
    fs::create_symlink(directory / "w/mine", secret / "worktrees/x/gitdir");
    gitdir += "/worktrees/x";
  }
  SECTION("a made-up worktree whose common directory is somewhere else") {
    directory.write("other/x/gitdir", (directory / "w/.git").string() + "\n");
    directory.write("other/x/commondir", secret.string() + "\n");
    gitdir = (directory / "other/x").string();
  }
  SECTION("the same below a directory of the right name") {
    directory.write("other/worktrees/x/gitdir", (directory / "w/.git").string() + "\n");
    directory.write("other/worktrees/x/commondir", secret.string() + "\n");
    gitdir = (directory / "other/worktrees/x").string();
  }
  directory.write("w/.git", "gitdir: " + gitdir + "\n");
  const std::string text = said(directory / "w");
  CHECK(text.find("does not point back") != std::string::npos);
  CHECK(text.find("--mount") == std::string::npos);
}

TEST_CASE("a .git file that points into the workspace, or is invalid, names no outside repository") {
  const tests::TempDirectory directory;
  for (const char* text : {"gitdir: sub/.git\n", "gitdir: ./.bare", "nonsense", "gitdir: .\n"}) {
    INFO(text);
    directory.write("w/.git", text);
    CHECK_FALSE(repository_outside(Walk(directory / "w")));
  }
  directory.write("w/.git", "gitdir: ./.bare");
  CHECK(repository_inside(Walk(directory / "w")) == ".bare");
  directory.write("w/.git", "gitdir: /x\x1b]52;evil");
  CHECK(said(directory / "w").find('\x1b') == std::string::npos);
}

TEST_CASE("the repository of a directory above is found") {
  const tests::TempDirectory directory;
  fs::create_directories(directory / "p/a/b");
  fs::create_directories(directory / "p/.git");
  const auto around = repository_around(Walk(directory / "p/a/b"));
  REQUIRE(around);
  CHECK(around->repository == directory / "p/.git");
  CHECK(around->tree == directory / "p");
}
