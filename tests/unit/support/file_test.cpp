// SPDX-License-Identifier: Apache-2.0
#include "support/file.hpp"

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.hpp"
#include "support/error.hpp"
#include "temp_directory.hpp"

namespace fs = std::filesystem;
namespace support = agentbox::support;
using agentbox::tests::TempDirectory;
using support::Error;

namespace {

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

/// Sets a variable for the duration of a test.
class WithVariable {
public:
  WithVariable(const char* name, const char* value) : m_name(name) {
    const char* old = std::getenv(name);
    m_had = old != nullptr;
    m_old = m_had ? old : "";
    value == nullptr ? unsetenv(name) : setenv(name, value, 1);
  }
  WithVariable(const WithVariable&) = delete;
  WithVariable& operator=(const WithVariable&) = delete;
  WithVariable(WithVariable&&) = delete;
  WithVariable& operator=(WithVariable&&) = delete;
  ~WithVariable() { m_had ? setenv(m_name, m_old.c_str(), 1) : unsetenv(m_name); }

private:
  const char* m_name;
  std::string m_old;
  bool m_had = false;
};

} // namespace

TEST_CASE("read_file reads regular files up to the bound") {
  const TempDirectory directory;
  const fs::path file = directory.write("file", "12345");
  CHECK(support::read_file(file, 5) == "12345");
  CHECK(error_of([&] { support::read_file(file, 4); }).find("larger than 4") != std::string::npos);
  CHECK_FALSE(support::read_file_if_exists(directory / "missing", 5));
  CHECK_FALSE(support::read_file_if_exists(directory / "file/below", 5));
  CHECK_THROWS_AS(support::read_file(directory / "missing", 5), Error);
}

TEST_CASE("read_file refuses anything but a file, and never waits") {
  const TempDirectory directory;
  REQUIRE(mkfifo((directory / "fifo").c_str(), 0600) == 0);
  CHECK(error_of([&] { support::read_file(directory / "fifo", 100); }).find("not a regular file") != std::string::npos);
  CHECK(error_of([&] { support::read_file("/dev/zero", 100); }).find("not a regular file") != std::string::npos);
  CHECK(error_of([&] { support::read_file(directory.path(), 100); }).find("not a regular file") != std::string::npos);
}

TEST_CASE("read_file_beneath follows no link and does not leave the directory") {
  const TempDirectory directory;
  const fs::path secret = directory.write("secret", "secret");
  directory.write("top/inner/file", "content");
  const fs::path top = directory / "top";
  fs::create_symlink(secret, top / "link");
  fs::create_symlink(directory.path(), top / "directory-link");
  REQUIRE(mkfifo((top / "fifo").c_str(), 0600) == 0);

  CHECK(support::read_file_beneath(top, "inner/file", 100).value_or("") == "content");
  CHECK_FALSE(support::read_file_beneath(top, "inner/missing", 100));
  CHECK_FALSE(support::read_file_beneath(top, "missing/file", 100));
  CHECK(error_of([&] { support::read_file_beneath(top, "link", 100); }).find("symbolic link") != std::string::npos);
  CHECK(error_of([&] { support::read_file_beneath(top, "directory-link/secret", 100); }).find("symbolic link") !=
        std::string::npos);
  CHECK(error_of([&] { support::read_file_beneath(top, "../secret", 100); }).find("does not stay") !=
        std::string::npos);
  CHECK(error_of([&] { support::read_file_beneath(top, "/etc/passwd", 100); }).find("does not stay") !=
        std::string::npos);
  CHECK(error_of([&] { support::read_file_beneath(top, "fifo", 100); }).find("not a regular file") !=
        std::string::npos);
  CHECK(error_of([&] { support::read_file_beneath(top, "inner/file", 3); }).find("larger") != std::string::npos);
}

TEST_CASE("write_file replaces in one step, with the mode asked for, and follows no link") {
  const TempDirectory directory;
  const fs::path victim = directory.write("victim", "old");
  const fs::path link = directory / "link";
  fs::create_symlink(victim, link);
  support::write_file(link, "new", 0600);
  CHECK(support::read_file(victim, 10) == "old");
  CHECK_FALSE(fs::is_symlink(link));
  CHECK(support::read_file(link, 10) == "new");
  struct stat info {};
  REQUIRE(stat(link.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777U) == 0600);
  CHECK(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()) == 2); // no temporary file
  CHECK_THROWS_AS(support::write_file(directory / "missing/file", "x"), Error);
}

TEST_CASE("make_private_directory uses mode 0700 and refuses what others could have made") {
  const TempDirectory directory;
  support::make_private_directory(directory / "a/b");
  struct stat info {};
  REQUIRE(stat((directory / "a/b").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777U) == 0700);
  support::make_private_directory(directory / "a/b"); // again

  fs::create_directory(directory / "open");
  REQUIRE(chmod((directory / "open").c_str(), 0777) == 0);
  CHECK_THROWS_AS(support::make_private_directory(directory / "open"), Error);
  fs::create_symlink(directory / "a", directory / "link");
  CHECK_THROWS_AS(support::make_private_directory(directory / "link"), Error);
  directory.write("file", "");
  CHECK_THROWS_AS(support::make_private_directory(directory / "file"), Error);
}

TEST_CASE("the directories follow the XDG variables when they are absolute") {
  const WithVariable home("HOME", "/home/someone");
  {
    const WithVariable config("XDG_CONFIG_HOME", "/cfg");
    const WithVariable state("XDG_STATE_HOME", "relative");
    CHECK(support::config_directory() == "/cfg/agentbox");
    CHECK(support::state_directory() == "/home/someone/.local/state/agentbox");
  }
  const WithVariable config("XDG_CONFIG_HOME", nullptr);
  const WithVariable cache("XDG_CACHE_HOME", "");
  const WithVariable runtime("XDG_RUNTIME_DIR", "/run/here");
  CHECK(support::config_directory() == "/home/someone/.config/agentbox");
  CHECK(support::cache_directory() == "/home/someone/.cache/agentbox");
  CHECK(support::runtime_directory() == "/run/here/agentbox");
}

TEST_CASE("system_error names what failed and why") {
  const Error error = support::system_error(support::ExitCode::refused, "cannot open /x", EACCES, "try this");
  CHECK(std::string(error.what()) == "cannot open /x: Permission denied");
  CHECK(error.hint() == "try this");
  CHECK(error.code() == support::ExitCode::refused);
}
