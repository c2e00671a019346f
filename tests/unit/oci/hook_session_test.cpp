// SPDX-License-Identifier: Apache-2.0
#include "oci/hook/session_directory.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "catch.hpp"
#include "temp_directory.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox::oci::hook {
namespace {

namespace fs = std::filesystem;
using tests::contains;
using tests::error_of;
using tests::TempDirectory;

TEST_CASE("a session's directory is ours and closed to others") {
  const TempDirectory directory; // 0700 by mkdtemp
  CHECK_NOTHROW(SessionDirectory(directory.path()));
  chmod(directory.path().c_str(), 0755);
  CHECK(contains(error_of([&] { SessionDirectory session(directory.path()); }), "only you can enter"));
  chmod(directory.path().c_str(), 0700);
  CHECK(contains(error_of([&] { SessionDirectory session(directory / "missing"); }), "cannot open"));
  fs::create_directory(directory / "real");
  fs::permissions(directory / "real", fs::perms::owner_all);
  fs::create_directory_symlink(directory / "real", directory / "link");
  CHECK(contains(error_of([&] { SessionDirectory session(directory / "link"); }), "cannot open"));
  CHECK_NOTHROW(SessionDirectory(directory / "real"));
}

TEST_CASE("a relative session directory is refused") {
  CHECK(contains(error_of([] { SessionDirectory session("."); }), "absolute"));
}

TEST_CASE("files are read whole, up to a bound") {
  const TempDirectory directory;
  const SessionDirectory session(directory.path());
  directory.write("a", std::string(100, 'x'));
  fs::permissions(directory / "a", fs::perms::owner_read | fs::perms::owner_write);
  CHECK(session.read("a", 100).size() == 100);
  CHECK(contains(error_of([&] { session.read("a", 99); }), "larger"));
  CHECK_FALSE(session.read_if_exists("none", 10));
  CHECK(contains(error_of([&] { session.read("none", 10); }), "missing"));
}

TEST_CASE("links, FIFOs, directories and files that others write to are refused") {
  const TempDirectory directory;
  const SessionDirectory session(directory.path());
  directory.write("target", "{}");
  fs::permissions(directory / "target", fs::perms::owner_read | fs::perms::owner_write);
  CHECK_NOTHROW(session.read("target", 10));
  fs::create_symlink(directory / "target", directory / "link");
  CHECK(!error_of([&] { session.read("link", 10); }).empty());
  REQUIRE(mkfifo((directory / "fifo").c_str(), 0600) == 0);
  CHECK(!error_of([&] { session.read("fifo", 10); }).empty());
  fs::create_directory(directory / "directory");
  CHECK(!error_of([&] { session.read("directory", 10); }).empty());
  fs::permissions(directory / "target", fs::perms::all);
  CHECK(!error_of([&] { session.read("target", 10); }).empty());
}

TEST_CASE("JSON must be an object") {
  const TempDirectory directory;
  const SessionDirectory session(directory.path());
  const auto problem = [&](const char* text) {
    directory.write("c.json", text);
    fs::permissions(directory / "c.json", fs::perms::owner_read | fs::perms::owner_write);
    return error_of([&] { session.read_json("c.json"); });
  };
  CHECK(problem("{\"a\":1}").empty());
  CHECK(contains(problem("[1]"), "not a JSON object"));
  CHECK(contains(problem("{"), "not a JSON object"));
}

TEST_CASE("the first refusal is left for the launcher: one line of message and one of hint") {
  const TempDirectory directory;
  const SessionDirectory session(directory.path());
  session.write_error({support::ExitCode::refused, "first\nline\x1b", "do this"});
  session.write_error({support::ExitCode::refused, "second"});
  CHECK(support::read_file(directory / "hook-error", 1000) == "first\\x0aline\\x1b\ndo this\n");
  struct stat info {};
  REQUIRE(lstat((directory / "hook-error").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600);
}

TEST_CASE("a link in place of hook-error is not followed") {
  const TempDirectory directory;
  const SessionDirectory session(directory.path());
  directory.write("victim", "keep");
  fs::create_symlink(directory / "victim", directory / "hook-error");
  session.write_error({support::ExitCode::refused, "x"});
  CHECK(support::read_file(directory / "victim", 100) == "keep");
}

} // namespace
} // namespace agentbox::oci::hook
