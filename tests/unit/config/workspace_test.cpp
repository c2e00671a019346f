// SPDX-License-Identifier: Apache-2.0
#include "config/workspace.hpp"

#include <cstdlib>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "temp_directory.hpp"

namespace config = agentbox::config;
namespace fs = std::filesystem;
namespace support = agentbox::support;
using agentbox::tests::TempDirectory;

namespace {

/// Returns the exit code of a refusal, or 0.
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

TEST_CASE("a project's directory is a workspace") {
  const TempDirectory directory;
  fs::create_directories(directory / "home/project");
  const auto choice = config::choose_workspace(directory / "home/project/", directory / "home");
  CHECK(choice.path == directory / "home/project");
  struct stat info {};
  REQUIRE(stat((directory / "home/project").c_str(), &info) == 0);
  CHECK(choice.device == info.st_dev);
  CHECK(choice.inode == info.st_ino);
}

TEST_CASE("names with special characters are used exactly") {
  const TempDirectory directory;
  for (const char* name : {"a,b", "a:b", "a'b\"c", "a\nb", "-rf", "a b", "$(id)", "h\xc3\xa9"}) {
    INFO(name);
    fs::create_directory(directory.path() / name);
    CHECK(config::choose_workspace(directory.path() / name, "/nonexistent/home").path == directory.path() / name);
  }
  fs::create_directory(directory.path() / "bad\xff");
  CHECK(refusal(directory.path() / "bad\xff", "/nonexistent/home") == k_refused);
}

TEST_CASE("a link is resolved once") {
  const TempDirectory directory;
  fs::create_directories(directory / "real");
  fs::create_symlink(directory / "real", directory / "link");
  const auto choice = config::choose_workspace(directory / "link", "/nonexistent/home");
  CHECK(choice.path == directory / "real");
  fs::create_symlink("/", directory / "root");
  CHECK(refusal(directory / "root", "/nonexistent/home") == k_refused);
  fs::create_symlink(directory / "nowhere", directory / "dangling");
  CHECK(refusal(directory / "dangling", "/nonexistent/home") == k_usage);
}

TEST_CASE("a path that is missing or not a directory is a usage error") {
  const TempDirectory directory;
  directory.write("file", "");
  CHECK(refusal(directory / "missing", "/nonexistent/home") == k_usage);
  CHECK(refusal(directory / "file", "/nonexistent/home") == k_usage);
}

TEST_CASE("the home directory, what contains it and what keeps credentials are refused") {
  const TempDirectory directory;
  fs::create_directories(directory / "users/me/.ssh/keys");
  fs::create_directories(directory / "users/me/project");
  fs::create_symlink(directory / "users/me", directory / "link-to-home");
  const fs::path home = directory / "users/me";
  CHECK(refusal(home, home) == k_refused);
  CHECK(refusal(directory / "users", home) == k_refused);
  CHECK(refusal(directory.path(), home) == k_refused);
  CHECK(refusal(directory / "link-to-home", home) == k_refused);
  CHECK(refusal(home, directory / "link-to-home") == k_refused); // $HOME is itself a link
  CHECK(refusal(home / ".ssh", home) == k_refused);
  CHECK(refusal(home / ".ssh/keys", home) == k_refused);
  CHECK(refusal(home / "project", home) == 0);
}

TEST_CASE("password stores, browsers' profiles and Podman's storage are refused wherever they are") {
  const TempDirectory directory;
  const fs::path home = directory / "home";
  for (const char* name : {".password-store/web", ".mozilla/firefox/x.default", ".config/google-chrome/Default",
                           ".config/gh", ".local/share/keyrings", ".local/share/containers/storage"}) {
    INFO(name);
    fs::create_directories(home / name / ".git");
    directory.write("home/" + std::string(name) + "/.git/HEAD", "");
    CHECK(refusal(home / name, home) == k_refused);
  }
  for (const char* mark : {".gpg-id", "key4.db", "Login Data", "overlay-images"}) {
    INFO(mark);
    fs::create_directories(directory / "elsewhere" / mark);
    CHECK(refusal(directory / "elsewhere", home) == k_refused);
    fs::remove_all(directory / "elsewhere" / mark);
    CHECK(refusal(directory / "elsewhere", home) == 0);
  }
}

TEST_CASE("a directory that belongs to a program is refused as a workspace, unless it is a Git working tree") {
  const TempDirectory directory;
  const fs::path home = directory / "home";
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
  setenv("PATH", (path + ":" + (directory / "tools").string()).c_str(), 1);
  for (const fs::path& one :
       {home / ".claude", home / ".codex/skills", home / ".config/nvim", home / ".config", home / ".local/bin",
        home / ".local/share", home / ".local/share/x", home / "bin", home / "snap/x", directory / "tools"}) {
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
  for (const fs::path& one : {home / "project", home / "project/.config", directory / "project"}) {
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

TEST_CASE("only the user's own data is labelled for SELinux") {
  const TempDirectory directory;
  const fs::path home = directory / "home";
  for (const char* path : {"data", ".cache/models", ".ssh", ".password-store"}) {
    fs::create_directories(home / path);
  }
  support::write_file(home / "data/file", "");
  CHECK(config::label_problem(home / "data", home).empty());
  CHECK(config::label_problem(home / "data/file", home).empty());
  CHECK(config::label_problem(home / ".cache/models", home).empty());
  CHECK(config::label_problem(home / ".ssh", home).find("credential") != std::string::npos);
  CHECK_FALSE(config::label_problem(home, home).empty());
  CHECK_FALSE(config::label_problem(directory.path(), home).empty());
  CHECK_FALSE(config::label_problem("/usr/share", home).empty());
  CHECK_FALSE(config::label_problem(home / "missing", home).empty());
}

TEST_CASE("system directories are refused") {
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

TEST_CASE("agentbox's own directories are refused, from inside and from outside") {
  const TempDirectory directory;
  const char* old = std::getenv("XDG_STATE_HOME");
  const std::string saved = old == nullptr ? "" : old;
  setenv("XDG_STATE_HOME", (directory / "xdg/state").c_str(), 1);
  fs::create_directories(support::state_directory() / "audit");
  fs::create_directories(directory / "xdg/other");
  CHECK(refusal(support::state_directory(), "/nonexistent/home") == k_refused);
  CHECK(refusal(support::state_directory() / "audit", "/nonexistent/home") == k_refused);
  CHECK(refusal(directory / "xdg", "/nonexistent/home") == k_refused);
  CHECK(refusal(directory / "xdg/other", "/nonexistent/home") == 0);
  old == nullptr ? unsetenv("XDG_STATE_HOME") : setenv("XDG_STATE_HOME", saved.c_str(), 1);
}

TEST_CASE("a directory of another user is refused") {
  const TempDirectory directory;
  fs::path theirs = directory / "theirs";
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

TEST_CASE("a box's name is made from the directory's, always the same") {
  CHECK(config::default_box_name("/home/me/My Project!").starts_with("my-project-"));
  CHECK(config::default_box_name("/home/me/a") == config::default_box_name("/home/me/a"));
  CHECK(config::default_box_name("/home/me/a") != config::default_box_name("/home/you/a"));
  CHECK(config::default_box_name("/home/me/...").starts_with("box-"));
  CHECK(config::default_box_name("/x/" + std::string(200, 'a')).size() <= 41);
}
