// SPDX-License-Identifier: Apache-2.0
#include "guard/guard.hpp"

#include <fstream>
#include <limits>
#include <sys/stat.h>
#include <unistd.h>

#include "box.hpp"
#include "support/error.hpp"

using namespace agentbox;
using namespace agentbox::guard;
namespace fs = std::filesystem;
using Words = std::vector<std::string>;

namespace {

const Words k_protect = {".agentbox", ".envrc", ".git/commondir", ".git/config", ".git/config.worktree", ".git/hooks"};

Guarded guarded_in(const fs::path& root, const Words& mask = {}) {
  return find_guarded(root, {k_protect, mask, {}});
}

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

bool has(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Words missing_of(const Guarded& guarded) {
  Words paths;
  for (const MissingPath& one : guarded.missing) {
    paths.push_back(one.path);
  }
  return paths;
}

/// Makes the test an ordinary user, who owns the directories, because root may do everything.
class AsOrdinaryUser {
public:
  explicit AsOrdinaryUser(const std::vector<fs::path>& directories) {
    constexpr uid_t k_nobody = 65534;
    if (geteuid() == 0) {
      for (const fs::path& directory : directories) {
        REQUIRE(chown(directory.c_str(), k_nobody, k_nobody) == 0);
      }
      REQUIRE(seteuid(k_nobody) == 0);
    }
  }
  AsOrdinaryUser(const AsOrdinaryUser&) = delete;
  AsOrdinaryUser& operator=(const AsOrdinaryUser&) = delete;
  AsOrdinaryUser(AsOrdinaryUser&&) = delete;
  AsOrdinaryUser& operator=(AsOrdinaryUser&&) = delete;
  ~AsOrdinaryUser() { [[maybe_unused]] const int ignored = seteuid(getuid()); }
};

} // namespace

TEST_CASE("protected and masked paths that exist are found") {
  const session_test::RuntimeDirectory directory;
  CHECK(guarded_in(directory.path()).read_only.empty());
  CHECK(guarded_in(directory.path()).missing.empty()); // no repository: nothing is made
  fs::create_directories(directory.path() / ".agentbox");
  write(directory.path() / ".envrc", "x");
  write(directory.path() / ".env", "x");
  fs::create_directories(directory.path() / "keys");
  CHECK(guarded_in(directory.path()).read_only == Words{".agentbox", ".envrc"});
  CHECK(guarded_in(directory.path(), {".env", "keys", "other"}).masked == Words{".env", "keys"});
}

TEST_CASE("missing Git files are created, and removed where they would be in the way") {
  const session_test::RuntimeDirectory directory;
  fs::create_directories(directory.path() / ".git");
  const Guarded before = guarded_in(directory.path());
  CHECK(missing_of(before) == Words{".git/commondir", ".git/config", ".git/hooks"});
  make_missing(directory.path(), before.missing);
  const Guarded after = guarded_in(directory.path());
  CHECK(after.missing.empty());
  CHECK(after.read_only == Words{".git/commondir", ".git/config", ".git/hooks"});
  make_missing(directory.path(), before.missing); // nothing happens to what is there
  remove_made(directory.path());
  CHECK_FALSE(fs::exists(directory.path() / ".git/commondir"));
  CHECK(fs::exists(directory.path() / ".git/hooks"));
  write(directory.path() / ".git/commondir", "../elsewhere\n");
  remove_made(directory.path());
  CHECK(fs::exists(directory.path() / ".git/commondir")); // not ours
}

TEST_CASE("a worktree's settings are made only where Git reads them") {
  const session_test::RuntimeDirectory directory;
  write(directory.path() / ".git/config", "[extensions]\n\tworktreeConfig = true\n");
  const Words missing = missing_of(guarded_in(directory.path()));
  CHECK(std::find(missing.begin(), missing.end(), ".git/config.worktree") != missing.end());
}

TEST_CASE("a .git file is protected as a whole: whoever writes it chooses the repository") {
  const session_test::RuntimeDirectory directory;
  write(directory.path() / ".git", "gitdir: /x");
  CHECK(guarded_in(directory.path()).read_only == Words{".git"});
}

TEST_CASE("the repositories of submodules are protected too") {
  const session_test::RuntimeDirectory directory;
  for (const char* module : {"a", "libs/b", "a/modules/c"}) {
    const fs::path git = directory.path() / ".git/modules" / module;
    write(git / "HEAD", "ref: x");
    write(git / "config", "");
    fs::create_directories(git / "hooks");
  }
  const Words paths = guarded_in(directory.path()).read_only;
  for (const char* path : {".git/modules/a/config", ".git/modules/a/hooks", ".git/modules/libs/b/config",
                           ".git/modules/a/modules/c/hooks"}) {
    INFO(path);
    CHECK(has(paths, path));
  }
}

TEST_CASE("records of worktrees that the box does not use are read-only as a whole") {
  const session_test::RuntimeDirectory directory;
  const fs::path root = directory.path() / "w";
  GuardLists lists{k_protect, {}, {}};
  lists.box = {root, {{root, "/workspace"}}};
  const auto record = [&](const std::string& name, const std::string& gitdir) {
    write(root / ".git/worktrees" / name / "commondir", "../..\n");
    write(root / ".git/worktrees" / name / "gitdir", gitdir + "\n");
  };
  record("outside", (directory.path() / "other/.git").string());
  record("gone", "/nowhere/.git");
  record("inside", (root / "inside/.git").string()); // an absolute path of the host: Git in the box does not find it
  record("relative", "../../../relative/.git");
  record("made", "/workspace/made/.git");
  record("climbs", "../../../../other/.git");
  write(directory.path() / "other/.git", "gitdir: x");
  for (const char* tree : {"inside", "relative", "made"}) {
    write(root / tree / ".git", "gitdir: x");
  }
  fs::create_directories(root / ".git/worktrees/empty");
  write(root / "libs/nested/.git/HEAD", "ref: x");
  write(root / "libs/nested/.git/worktrees/x/gitdir", "/nowhere/.git\n");
  lists.by_name = true;
  const Guarded guarded = find_guarded(root, lists);
  for (const char* name : {"outside", "gone", "inside", "climbs", "empty"}) {
    INFO(name);
    CHECK(has(guarded.read_only, std::string(".git/worktrees/") + name));
  }
  for (const char* name : {"relative", "made"}) {
    INFO(name);
    const std::string path = std::string(".git/worktrees/") + name;
    CHECK_FALSE(has(guarded.read_only, path));
    CHECK(has(guarded.read_only, path + "/commondir"));
    CHECK(has(guarded.read_only, path + "/gitdir"));
  }
  CHECK(has(guarded.read_only, "libs/nested/.git/worktrees/x"));
  policy::PolicyFields fields;
  fields.workspace.source = root;
  CHECK(describe_made_worktrees(fields, 0) ==
        "the box made Git worktrees; before Git on the host can use them, run: git worktree repair made");
  CHECK_FALSE(describe_made_worktrees(fields, std::numeric_limits<std::int64_t>::max()));
}

TEST_CASE("a worktree that is the workspace stays writable, and is locked against Git in the box while it runs") {
  const session_test::RuntimeDirectory directory;
  const fs::path tree = directory.path() / "tree";
  const fs::path git = directory.path() / "main/.git";
  write(tree / ".git", "gitdir: " + (git / "worktrees/t").string() + "\n");
  write(git / "HEAD", "ref: x");
  fs::create_directories(git / "objects");
  fs::create_directories(git / "refs");
  write(git / "worktrees/t/commondir", "../..\n");
  write(git / "worktrees/t/gitdir", (tree / ".git").string() + "\n");
  write(git / "worktrees/other/gitdir", "/nowhere/.git\n");
  GuardLists lists{k_protect, {}, {}};
  lists.box = {tree, {{tree, "/workspace"}, {git, git}}};
  const Guarded guarded = find_guarded(git, lists);
  CHECK(has(guarded.read_only, "worktrees/other"));
  CHECK_FALSE(has(guarded.read_only, "worktrees/t"));
  CHECK(has(missing_of(guarded), "worktrees/t/locked"));
  make_missing(git, guarded.missing);
  CHECK(has(find_guarded(git, lists).read_only, "worktrees/t/locked"));
  remove_made(tree);
  CHECK_FALSE(fs::exists(git / "worktrees/t/locked"));
  write(git / "worktrees/t/locked", "by the user\n");
  remove_made(tree);
  CHECK(fs::exists(git / "worktrees/t/locked"));
}

TEST_CASE("worktrees of submodules are protected, and settings of worktrees that Git would read are made") {
  const session_test::RuntimeDirectory directory;
  const fs::path module = directory.path() / ".git/modules/a";
  write(module / "HEAD", "ref: x");
  write(module / "config", "[extensions]\n\tworktreeConfig = true\n");
  write(module / "worktrees/w/commondir", "../..\n");
  write(module / "worktrees/w/gitdir", "/workspace/w/.git\n");
  write(module / "worktrees/x/commondir", "../..\n");
  write(directory.path() / "w/.git", "gitdir: x");
  GuardLists lists{k_protect, {}, {}};
  lists.box = {directory.path(), {{directory.path(), "/workspace"}}};
  const Guarded guarded = find_guarded(directory.path(), lists);
  CHECK(has(guarded.read_only, ".git/modules/a/worktrees/w/commondir"));
  CHECK(has(guarded.read_only, ".git/modules/a/worktrees/x"));
  CHECK(missing_of(guarded) == Words{".git/commondir", ".git/config", ".git/hooks", ".git/modules/a/commondir",
                                     ".git/modules/a/config.worktree", ".git/modules/a/hooks",
                                     ".git/modules/a/worktrees/w/config.worktree"});
  write(module / "config", "");
  CHECK_FALSE(has(missing_of(find_guarded(directory.path(), lists)), ".git/modules/a/worktrees/w/config.worktree"));
}

TEST_CASE("what cannot be made in a directory of the user's own is refused: the box could make it") {
  const session_test::RuntimeDirectory directory;
  fs::create_directories(directory.path() / ".git");
  const AsOrdinaryUser user({directory.path(), directory.path() / ".git"});
  fs::permissions(directory.path() / ".git", fs::perms::owner_read | fs::perms::owner_exec);
  CHECK_THROWS_AS(make_missing(directory.path(), {{".git/hooks", true, ""}}), support::Error);
  fs::permissions(directory.path() / ".git", fs::perms::owner_all);
  CHECK(make_missing(directory.path(), {{".git/hooks", true, ""}}) == Words{".git/hooks"});
}

TEST_CASE("more submodules than can be mounted one by one are read-only as a whole") {
  const session_test::RuntimeDirectory directory;
  for (int i = 0; i < 40; ++i) {
    write(directory.path() / ".git/modules" / std::to_string(i) / "HEAD", "ref: x");
  }
  const Words paths = guarded_in(directory.path()).read_only;
  CHECK(std::find(paths.begin(), paths.end(), ".git/modules") != paths.end());
}

TEST_CASE("a root that is a repository itself is protected") {
  const session_test::RuntimeDirectory directory;
  write(directory.path() / "HEAD", "ref: x");
  write(directory.path() / "config", "");
  fs::create_directories(directory.path() / "objects");
  CHECK(guarded_in(directory.path()).read_only.empty()); // not yet one
  fs::create_directories(directory.path() / "refs");
  CHECK(guarded_in(directory.path()).read_only == Words{"config"});
}

TEST_CASE("a guarded path that is, or goes through, a symbolic link is refused") {
  const session_test::RuntimeDirectory directory;
  Words mask;
  SECTION("the last part") {
    fs::create_directories(directory.path() / ".git");
    fs::create_directory_symlink("/etc", directory.path() / ".git/hooks");
  }
  SECTION("a part before") {
    fs::create_directory_symlink("/etc", directory.path() / ".git");
  }
  SECTION("a link to nowhere") {
    fs::create_symlink("/no/such", directory.path() / ".agentbox");
  }
  SECTION("a masked file") {
    fs::create_symlink("other", directory.path() / ".env");
    mask = {".env"};
  }
  SECTION("a submodule's directory") {
    fs::create_directories(directory.path() / ".git/modules");
    fs::create_directory_symlink("/etc", directory.path() / ".git/modules/x");
  }
  try {
    guarded_in(directory.path(), mask);
    FAIL("accepted");
  } catch (const support::Error& error) {
    CHECK(error.code() == support::ExitCode::refused);
    CHECK(std::string(error.what()).find("symbolic link") != std::string::npos);
    CHECK(error.hint().find("except") != std::string::npos);
  }
}

TEST_CASE("settings of Git cannot make the whole workspace read-only, nor what was taken off the list") {
  const session_test::RuntimeDirectory directory;
  const fs::path root = directory.path() / "w";
  write(root / ".husky/_/pre-commit", "");
  for (const char* value : {".", "/", "./", "..", "", ".git", ".husky/_"}) {
    INFO(value);
    write(root / ".git/config", "[core]\nhooksPath = " + std::string(value) + "\n");
    CHECK(guarded_in(root).read_only == Words{".git/config"});
  }
}
