// SPDX-License-Identifier: Apache-2.0
#include "guard/guard_by_name.hpp"

#include <fstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "box.hpp"
#include "guard/hard_links.hpp"
#include "guard/nested_names.hpp"
#include "guard/tree_scan.hpp"
#include "support/error.hpp"

using namespace agentbox;
using namespace agentbox::guard;
namespace fs = std::filesystem;
using Words = std::vector<std::string>;

namespace {

void put(const fs::path& path, const std::string& text = "x") {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

Guarded guarded_in(const fs::path& root, const Words& shown = {}, const Words& mask = {".env"}) {
  return find_guarded(root, {{".envrc", ".git/config", ".git/hooks", ".vscode"}, mask, {}, shown, true});
}

bool has_notice(const Guarded& guarded, const std::string& words) {
  return std::any_of(guarded.notices.begin(), guarded.notices.end(),
                     [&](const std::string& one) { return one.find(words) != std::string::npos; });
}

void make_socket(const fs::path& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(path.native().copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1) ==
          path.native().size());
  REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0); // NOLINT(*-reinterpret-cast)
  close(fd);
}

} // namespace

TEST_CASE("files with credentials are masked at every depth") {
  const session_test::RuntimeDirectory directory;
  const fs::path& root = directory.path();
  for (const char* path : {".env", ".env.production", "apps/web/.env", "apps/web/.env.example", "a/b/c/d/e/.env.local",
                           "node_modules/x/.env", ".git/HEAD", "src/main.c"}) {
    put(root / path);
  }
  put(root / "web/.npmrc", "//registry.npmjs.org/:_authToken=npm_x\n");
  put(root / "lib/.npmrc", "save-exact=true\n");
  fs::create_directories(root / "venv/.env"); // a directory of that name is not a file with secrets
  put(root / "shared/real-secrets", "KEY=1");
  fs::create_symlink("../shared/real-secrets", root / "apps/.env.linked");
  const Guarded guarded = guarded_in(root);
  CHECK(guarded.masked == Words{".env", ".env.production", "a/b/c/d/e/.env.local", "apps/web/.env",
                                "node_modules/x/.env", "shared/real-secrets", "web/.npmrc"});
  CHECK(has_notice(guarded, "apps/web/.env"));
  const Guarded shown = guarded_in(root, {".env.production", "apps", "web/.npmrc"});
  CHECK(shown.masked == Words{".env", "a/b/c/d/e/.env.local", "node_modules/x/.env"});
}

TEST_CASE("the box sees the Git configuration without the credentials in it") {
  const session_test::RuntimeDirectory directory;
  put(directory.path() / ".git/config", "[remote \"o\"]\n\turl = https://me:secret@example.com/x\n");
  CHECK(guarded_in(directory.path()).cleaned.at(".git/config") == "[remote \"o\"]\n\turl = https://example.com/x\n");
  CHECK(has_notice(guarded_in(directory.path()), ".git/config"));
  CHECK(guarded_in(directory.path(), {".git/config"}).cleaned.empty());
  put(directory.path() / ".git/config", "[remote \"o\"]\n\turl = ssh://git@example.com/x\n");
  CHECK(guarded_in(directory.path()).cleaned.empty());
}

TEST_CASE("sockets and FIFOs of the host are masked") {
  const session_test::RuntimeDirectory directory;
  make_socket(directory.path() / ".overmind.sock");
  fs::create_directories(directory.path() / "run/pg");
  REQUIRE(mkfifo((directory.path() / "run/pg/fifo").c_str(), 0600) == 0);
  fs::create_directories(directory.path() / ".git");
  make_socket(directory.path() / ".git/fsmonitor--daemon.ipc");
  const Guarded guarded = guarded_in(directory.path());
  CHECK(guarded.masked == Words{".git/fsmonitor--daemon.ipc", ".overmind.sock", "run/pg/fifo"});
  CHECK(has_notice(guarded, ".overmind.sock"));
  CHECK(guarded_in(directory.path(), {"run"}).masked == Words{".git/fsmonitor--daemon.ipc", ".overmind.sock"});
}

TEST_CASE("protected names are read-only at every depth where they exist") {
  const session_test::RuntimeDirectory directory;
  const fs::path& root = directory.path();
  for (const char* path : {"apps/web/.vscode/tasks.json", "packages/x/.git/config", "packages/x/.git/hooks/pre-commit",
                           "packages/x/.git/HEAD", "a/b/.envrc", "shared/envrc", "apps/.claude/settings.json",
                           "node_modules/x/.vscode/tasks.json", "sub/.git", "free/.vscode/tasks.json", "src/vscode"}) {
    put(root / path);
  }
  fs::create_symlink("../shared/envrc", root / "src/.envrc");
  fs::create_symlink("/etc/hostname", root / "shared/.envrc");
  const GuardLists lists{
      {".claude/settings.json", ".envrc", ".git/config", ".git/hooks", ".vscode"}, {}, {"free"}, {}, true};
  const Guarded guarded = find_guarded(root, lists);
  CHECK(guarded.read_only_by_name == Words{"a/b/.envrc", "apps/.claude/settings.json", "apps/web/.vscode",
                                           "packages/x/.git/config", "packages/x/.git/hooks", "shared/envrc",
                                           "sub/.git"});
  CHECK(guarded.read_only == guarded.read_only_by_name);
  CHECK(guarded.pins == Words{"apps/.claude", "packages/x/.git"});
  CHECK(guarded.references.unused_exceptions.empty());
}

TEST_CASE("a nested .git that is a link counts as its target") {
  const session_test::RuntimeDirectory directory;
  const fs::path& root = directory.path();
  put(root / "store/one.git/config");
  put(root / "store/link-file", "gitdir: store/one.git\n");
  fs::create_directories(root / "one");
  fs::create_directories(root / "two");
  fs::create_symlink("../store/one.git", root / "one/.git");
  fs::create_symlink("../store/link-file", root / "two/.git");
  const GuardLists lists{{".git/config", ".git/hooks"}, {}, {}, {}, true};
  CHECK(find_guarded(root, lists).read_only == Words{"store/link-file", "store/one.git/config"});
}

TEST_CASE("a single nested path is excepted, and no other in its directory") {
  const session_test::RuntimeDirectory directory;
  put(directory.path() / "x/.git/config");
  put(directory.path() / "x/.git/hooks/pre-commit");
  const GuardLists lists{{".git/config", ".git/hooks"}, {}, {"x/.git/config"}, {}, true};
  const Guarded guarded = find_guarded(directory.path(), lists);
  CHECK(guarded.read_only == Words{"x/.git/hooks"});
  CHECK(guarded.references.unused_exceptions.empty());
}

TEST_CASE("in a read-only mount, the box sees no credentials of nested and linked repositories") {
  const session_test::RuntimeDirectory directory;
  const fs::path& root = directory.path();
  const std::string token = "[remote \"o\"]\n\turl = https://me:secret@example.com/x\n";
  put(root / "sub/.git/config", token);
  put(root / "store/x.git/config", token);
  fs::create_directories(root / "linked");
  fs::create_symlink("../store/x.git", root / "linked/.git");
  fs::create_symlink("store/x.git", root / ".git");
  GuardLists lists{{".git/config"}, {}, {}, {}, true, true};
  CHECK(find_guarded(root, lists).read_only == Words{"store/x.git/config", "sub/.git/config"});
}

TEST_CASE("too many protected names below the top are refused, and an exception lets the box start") {
  const session_test::RuntimeDirectory directory;
  for (std::size_t i = 0; i <= k_max_nested_mounts; ++i) {
    put(directory.path() / "packages" / std::to_string(i) / ".envrc");
  }
  GuardLists lists{{".envrc"}, {}, {}, {}, true};
  try {
    find_guarded(directory.path(), lists);
    FAIL("not refused");
  } catch (const support::Error& error) {
    CHECK(error.code() == support::ExitCode::refused);
    CHECK(error.hint().find("[protect] except = [\"packages\"]") != std::string::npos);
  }
  lists.except = {"packages"};
  CHECK(find_guarded(directory.path(), lists).read_only.empty());
}

TEST_CASE("too many directories above protected names are refused") {
  const session_test::RuntimeDirectory directory;
  for (std::size_t i = 0; i < 20; ++i) {
    fs::path deep = directory.path() / std::to_string(i);
    for (std::size_t j = 0; j < 60; ++j) {
      deep /= "d";
    }
    put(deep / ".envrc");
  }
  CHECK_THROWS_AS(find_guarded(directory.path(), {{".envrc"}, {}, {}, {}, true}), support::Error);
  CHECK_NOTHROW(find_guarded(directory.path(), {{".envrc"}, {}, {"1", "2", "3", "4"}, {}, true}));
}

TEST_CASE("what cannot be examined for hard links is refused") {
  if (geteuid() == 0) {
    return; // may read everything
  }
  const session_test::RuntimeDirectory directory;
  put(directory.path() / ".vscode/deep/tasks.json");
  fs::permissions(directory.path() / ".vscode/deep", fs::perms::none);
  CHECK_THROWS_AS(find_guarded(directory.path(), {{".vscode"}, {}, {}, {}, false}), support::Error);
  fs::permissions(directory.path() / ".vscode/deep", fs::perms::owner_all);
  CHECK(find_guarded(directory.path(), {{".vscode"}, {}, {}, {}, false}).read_only == Words{".vscode"});
}

TEST_CASE("a protected or masked file with another hard link is refused") {
  const session_test::RuntimeDirectory directory;
  const fs::path& root = directory.path();
  const auto refused = [&] {
    try {
      guarded_in(root);
      return std::string();
    } catch (const support::Error& error) {
      CHECK(error.code() == support::ExitCode::refused);
      CHECK(error.hint().find("cp -p") != std::string::npos);
      return std::string(error.what());
    }
  };
  fs::create_directories(root / ".git");
  for (const char* path : {".envrc", ".git/config", ".git/hooks/pre-commit", ".vscode/deep/tasks.json", "sub/.env"}) {
    INFO(path);
    put(root / path);
    CHECK(refused().empty());
    fs::create_hard_link(root / path, root / "innocent");
    CHECK(refused().find(path) != std::string::npos);
    fs::remove(root / "innocent");
    CHECK(refused().empty());
  }
  fs::create_hard_link(root / ".vscode/deep/tasks.json", root / ".vscode/copy"); // both read-only
  CHECK(refused().empty());
}

TEST_CASE("directories whose files have hard links outside the project are named") {
  const session_test::RuntimeDirectory directory;
  const fs::path root = directory.path() / "project";
  const fs::path store = directory.path() / "store";
  put(root / ".git/config");
  put(root / ".git/objects/ab/cd");
  put(root / ".git/objects/pack/own.pack");
  put(root / "node_modules/esbuild/bin/esbuild");
  fs::create_directories(root / "node_modules/@esbuild/linux/bin");
  fs::create_hard_link(root / "node_modules/esbuild/bin/esbuild", root / "node_modules/esbuild/other");
  put(root / "node_modules/.pnpm/a@1/node_modules/a/index.js");
  put(root / ".venv/lib/python3.11/site-packages/pkg/__init__.py");
  CHECK(guarded_in(root).notices.empty());
  for (const char* path :
       {".git/objects/pack/p.pack", ".git/objects/ab/ef", "node_modules/.pnpm/b@1/node_modules/b/i.js",
        "node_modules/c/index.js", ".venv/lib/python3.11/site-packages/six.py"}) {
    INFO(path);
    put(store / "file");
    fs::create_directories((root / path).parent_path());
    fs::create_hard_link(store / "file", root / path);
    CHECK(has_notice(guarded_in(root), path));
    fs::remove(root / path);
    CHECK_FALSE(has_notice(guarded_in(root), path));
    fs::remove(store / "file");
  }
}

TEST_CASE("the scan of a tree is bounded, says so, and reads what tools filled last") {
  const session_test::RuntimeDirectory directory;
  for (std::size_t i = 0; i < 30; ++i) {
    fs::create_directories(directory.path() / "node_modules" / std::to_string(i));
    fs::create_directories(directory.path() / "many" / std::to_string(i) / "a/b");
    put(directory.path() / "many" / std::to_string(i) / "a/b/.env");
  }
  put(directory.path() / "z/z/.env");
  put(directory.path() / "hidden/.env");
  const Walk walk(directory.path());
  const TreeFilter filter{[](std::string_view name) { return name == ".env"; }, [](std::string_view) { return false; },
                          [](const std::string& path) { return path == "hidden"; }};
  const TreeNames all = TreeScan(walk, filter, {1000, 1000, 10}).finish();
  CHECK(all.complete);
  CHECK(all.secrets.size() == 31);
  CHECK(all.secrets.back() == "z/z/.env");
  CHECK_FALSE(TreeScan(walk, filter, {50, 1000, 10}).finish().complete);
  CHECK_FALSE(TreeScan(walk, filter, {1000, 20, 10}).finish().complete);
  const TreeScan unfinished(walk, filter);
}

TEST_CASE("a scan finds the directories that changed, and says which it did not read") {
  const session_test::RuntimeDirectory directory;
  for (const char* path : {"old/file", "new/file", ".git/objects/aa/object", "hidden/file", "web/target/x/file"}) {
    put(directory.path() / path);
  }
  const auto changed_at = [&](const char* path) {
    struct stat info {};
    REQUIRE(stat((directory.path() / path).c_str(), &info) == 0);
    return support::nanoseconds(info.st_ctim);
  };
  const std::int64_t before = std::max({changed_at(""), changed_at(".git"), changed_at("old"), changed_at("web")});
  do { // the clock of files has a coarse resolution
    put(directory.path() / "new/more");
    fs::remove(directory.path() / "new/more");
  } while (changed_at("new") <= before);
  const Walk walk(directory.path());
  TreeFilter filter{[](std::string_view) { return false; }, [](std::string_view) { return false; },
                    [](const std::string& path) { return path == "hidden"; }, changed_at("new")};
  const TreeNames some = TreeScan(walk, filter, {1000, 1000, 0}).finish();
  CHECK(some.changed == std::vector<std::string>{"new"});
  CHECK(some.unread == std::vector<std::string>{".git/objects", "hidden", "web/target"});
  filter.changed_since = 1;
  CHECK(TreeScan(walk, filter, {1000, 1000, 10}).finish().changed ==
        std::vector<std::string>{"", ".git", "new", "old", "web", "web/target", "web/target/x"});
  filter.changed_since = 0;
  const TreeNames none = TreeScan(walk, filter).finish();
  CHECK(none.changed.empty());
  CHECK(none.unread.empty());
}
