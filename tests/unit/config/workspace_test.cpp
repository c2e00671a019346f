// SPDX-License-Identifier: Apache-2.0
#include "config/workspace.hpp"

#include <cstdlib>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "temp_folder.hpp"

namespace config = agentbox::config;
namespace fs = std::filesystem;
namespace support = agentbox::support;
using agentbox::tests::TempFolder;

namespace {

/// The exit code of a refusal, or 0.
int refusal(const fs::path& path, const fs::path& home) {
  try {
    config::choose_workspace(path, home);
  } catch (const support::Error& error) {
    CHECK_FALSE(error.hint().empty());
    return static_cast<int>(error.code());
  }
  return 0;
}

constexpr int k_usage = 2;
constexpr int k_refused = 126;

} // namespace

TEST_CASE("a project's folder is a workspace") {
  const TempFolder folder;
  fs::create_directories(folder / "home/project");
  const auto choice = config::choose_workspace(folder / "home/project/", folder / "home");
  CHECK(choice.path == folder / "home/project");
  struct stat info {};
  REQUIRE(stat((folder / "home/project").c_str(), &info) == 0);
  CHECK(choice.device == info.st_dev);
  CHECK(choice.inode == info.st_ino);
}

TEST_CASE("names that would be syntax elsewhere are exact here") {
  const TempFolder folder;
  for (const char* name : {"a,b", "a:b", "a'b\"c", "a\nb", "-rf", "a b", "$(id)", "h\xc3\xa9"}) {
    INFO(name);
    fs::create_directory(folder.path() / name);
    CHECK(config::choose_workspace(folder.path() / name, "/nonexistent/home").path == folder.path() / name);
  }
  fs::create_directory(folder.path() / "bad\xff");
  CHECK(refusal(folder.path() / "bad\xff", "/nonexistent/home") == k_refused);
}

TEST_CASE("a link is resolved once") {
  const TempFolder folder;
  fs::create_directories(folder / "real");
  fs::create_symlink(folder / "real", folder / "link");
  const auto choice = config::choose_workspace(folder / "link", "/nonexistent/home");
  CHECK(choice.path == folder / "real");
  fs::create_symlink("/", folder / "root");
  CHECK(refusal(folder / "root", "/nonexistent/home") == k_refused);
  fs::create_symlink(folder / "nowhere", folder / "dangling");
  CHECK(refusal(folder / "dangling", "/nonexistent/home") == k_usage);
}

TEST_CASE("what is missing or no folder is a usage error") {
  const TempFolder folder;
  folder.write("file", "");
  CHECK(refusal(folder / "missing", "/nonexistent/home") == k_usage);
  CHECK(refusal(folder / "file", "/nonexistent/home") == k_usage);
}

TEST_CASE("the home folder, what contains it and what keeps credentials are refused") {
  const TempFolder folder;
  fs::create_directories(folder / "users/me/.ssh/keys");
  fs::create_directories(folder / "users/me/project");
  fs::create_symlink(folder / "users/me", folder / "link-to-home");
  const fs::path home = folder / "users/me";
  CHECK(refusal(home, home) == k_refused);
  CHECK(refusal(folder / "users", home) == k_refused);
  CHECK(refusal(folder.path(), home) == k_refused);
  CHECK(refusal(folder / "link-to-home", home) == k_refused);
  CHECK(refusal(home, folder / "link-to-home") == k_refused); // $HOME itself a link
  CHECK(refusal(home / ".ssh", home) == k_refused);
  CHECK(refusal(home / ".ssh/keys", home) == k_refused);
  CHECK(refusal(home / "project", home) == 0);
}

TEST_CASE("password stores, browsers' profiles and Podman's storage are refused wherever they are") {
  const TempFolder folder;
  const fs::path home = folder / "home";
  for (const char* name : {".password-store/web", ".mozilla/firefox/x.default", ".config/google-chrome/Default",
                           ".config/gh", ".local/share/keyrings", ".local/share/containers/storage"}) {
    INFO(name);
    fs::create_directories(home / name / ".git");
    folder.write("home/" + std::string(name) + "/.git/HEAD", "");
    CHECK(refusal(home / name, home) == k_refused);
  }
  for (const char* mark : {".gpg-id", "key4.db", "Login Data", "overlay-images"}) {
    INFO(mark);
    fs::create_directories(folder / "elsewhere" / mark);
    CHECK(refusal(folder / "elsewhere", home) == k_refused);
    fs::remove_all(folder / "elsewhere" / mark);
    CHECK(refusal(folder / "elsewhere", home) == 0);
  }
}

TEST_CASE("what belongs to programs is refused as a workspace, unless it is a Git working tree of its own") {
  const TempFolder folder;
  const fs::path home = folder / "home";
  const auto is_project = [&](const fs::path& path) {
    try {
      config::require_project(path, home);
      return true;
    } catch (const support::Error& error) {
      CHECK(error.hint().find("--any-workspace") != std::string::npos);
      return false;
    }
  };
  const std::string path = std::getenv("PATH") == nullptr ? "" : std::getenv("PATH");
  setenv("PATH", (path + ":" + (folder / "tools").string()).c_str(), 1);
  for (const fs::path& one :
       {home / ".claude", home / ".codex/skills", home / ".config/nvim", home / ".config", home / ".local/bin",
        home / ".local/share", home / ".local/share/x", home / "bin", home / "snap/x", folder / "tools"}) {
    INFO(one);
    fs::create_directories(one);
    CHECK_FALSE(is_project(one));
    fs::create_directories(one / ".git");
    CHECK_FALSE(is_project(one)); // not a repository
    std::ofstream(one / ".git/HEAD") << "ref: refs/heads/main";
    CHECK(is_project(one));
    fs::remove_all(one / ".git");
  }
  fs::create_directories(home / ".codex/worktrees/a/project");
  std::ofstream(home / ".codex/worktrees/a/project/.git") << "gitdir: /x";
  CHECK(is_project(home / ".codex/worktrees/a/project"));
  for (const fs::path& one : {home / "project", home / "project/.config", folder / "project"}) {
    INFO(one);
    fs::create_directories(one);
    CHECK(is_project(one));
  }
  fs::create_directories(home / ".config/gh"); // a repository of settings that has tokens
  fs::create_directories(home / ".config/.git");
  std::ofstream(home / ".config/.git/HEAD") << "";
  CHECK_FALSE(is_project(home / ".config"));
  setenv("PATH", path.c_str(), 1);
}

TEST_CASE("system folders are refused") {
  for (const char* path : {"/",     "/etc",     "/usr", "/usr/share", "/boot", "/proc",    "/proc/self", "/sys",
                           "/dev",  "/dev/shm", "/run", "/tmp",       "/var",  "/var/tmp", "/var/lib",   "/var/log",
                           "/home", "/mnt",     "/opt", "/srv",       "/bin",  "/lib"}) {
    if (!fs::exists(path)) {
      continue;
    }
    INFO(path);
    CHECK(refusal(path, "/nonexistent/home") == k_refused);
  }
}

TEST_CASE("agentbox's own folders are refused, from inside and from outside") {
  const TempFolder folder;
  const char* old = std::getenv("XDG_STATE_HOME");
  const std::string saved = old == nullptr ? "" : old;
  setenv("XDG_STATE_HOME", (folder / "xdg/state").c_str(), 1);
  fs::create_directories(support::state_folder() / "audit");
  fs::create_directories(folder / "xdg/other");
  CHECK(refusal(support::state_folder(), "/nonexistent/home") == k_refused);
  CHECK(refusal(support::state_folder() / "audit", "/nonexistent/home") == k_refused);
  CHECK(refusal(folder / "xdg", "/nonexistent/home") == k_refused);
  CHECK(refusal(folder / "xdg/other", "/nonexistent/home") == 0);
  old == nullptr ? unsetenv("XDG_STATE_HOME") : setenv("XDG_STATE_HOME", saved.c_str(), 1);
}

TEST_CASE("a folder of another user is refused") {
  const TempFolder folder;
  fs::path theirs = folder / "theirs";
  fs::create_directory(theirs);
  if (geteuid() == 0) {
    REQUIRE(chown(theirs.c_str(), 12345, 12345) == 0);
  } else {
    theirs = fs::exists("/var/lib/dpkg/info") ? "/var/lib/dpkg/info"
                                              : "/var/lib/rpm-state/."; // root's, and not the system's
    REQUIRE(fs::exists(theirs));
  }
  CHECK(refusal(theirs, "/nonexistent/home") == k_refused);
}

TEST_CASE("a box's name is made from the folder's, always the same") {
  CHECK(config::default_box_name("/home/me/My Project!").starts_with("my-project-"));
  CHECK(config::default_box_name("/home/me/a") == config::default_box_name("/home/me/a"));
  CHECK(config::default_box_name("/home/me/a") != config::default_box_name("/home/you/a"));
  CHECK(config::default_box_name("/home/me/...").starts_with("box-"));
  CHECK(config::default_box_name("/x/" + std::string(200, 'a')).size() <= 41);
}
