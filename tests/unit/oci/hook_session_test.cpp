// SPDX-License-Identifier: Apache-2.0
#include "oci/hook/session_folder.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "catch.hpp"
#include "temp_folder.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox::oci::hook {
namespace {

namespace fs = std::filesystem;
using tests::contains;
using tests::error_of;
using tests::TempFolder;

TEST_CASE("a session's folder is ours and closed to others") {
  const TempFolder folder; // 0700 by mkdtemp
  CHECK_NOTHROW(SessionFolder(folder.path()));
  chmod(folder.path().c_str(), 0755);
  CHECK(contains(error_of([&] { SessionFolder session(folder.path()); }), "only you can enter"));
  chmod(folder.path().c_str(), 0700);
  CHECK(contains(error_of([&] { SessionFolder session(folder / "missing"); }), "cannot open"));
  fs::create_directory(folder / "real");
  fs::permissions(folder / "real", fs::perms::owner_all);
  fs::create_directory_symlink(folder / "real", folder / "link");
  CHECK(contains(error_of([&] { SessionFolder session(folder / "link"); }), "cannot open"));
  CHECK_NOTHROW(SessionFolder(folder / "real"));
}

TEST_CASE("a relative session folder is refused") {
  CHECK(contains(error_of([] { SessionFolder session("."); }), "absolute"));
}

TEST_CASE("files are read whole, up to a bound") {
  const TempFolder folder;
  const SessionFolder session(folder.path());
  folder.write("a", std::string(100, 'x'));
  fs::permissions(folder / "a", fs::perms::owner_read | fs::perms::owner_write);
  CHECK(session.read("a", 100).size() == 100);
  CHECK(contains(error_of([&] { session.read("a", 99); }), "larger"));
  CHECK_FALSE(session.read_if_exists("none", 10));
  CHECK(contains(error_of([&] { session.read("none", 10); }), "missing"));
}

TEST_CASE("links, FIFOs, folders and files that others write to are refused") {
  const TempFolder folder;
  const SessionFolder session(folder.path());
  folder.write("target", "{}");
  fs::permissions(folder / "target", fs::perms::owner_read | fs::perms::owner_write);
  CHECK_NOTHROW(session.read("target", 10));
  fs::create_symlink(folder / "target", folder / "link");
  CHECK(!error_of([&] { session.read("link", 10); }).empty());
  REQUIRE(mkfifo((folder / "fifo").c_str(), 0600) == 0);
  CHECK(!error_of([&] { session.read("fifo", 10); }).empty());
  fs::create_directory(folder / "folder");
  CHECK(!error_of([&] { session.read("folder", 10); }).empty());
  fs::permissions(folder / "target", fs::perms::all);
  CHECK(!error_of([&] { session.read("target", 10); }).empty());
}

TEST_CASE("JSON must be an object") {
  const TempFolder folder;
  const SessionFolder session(folder.path());
  const auto problem = [&](const char* text) {
    folder.write("c.json", text);
    fs::permissions(folder / "c.json", fs::perms::owner_read | fs::perms::owner_write);
    return error_of([&] { session.read_json("c.json"); });
  };
  CHECK(problem("{\"a\":1}").empty());
  CHECK(contains(problem("[1]"), "not a JSON object"));
  CHECK(contains(problem("{"), "not a JSON object"));
}

TEST_CASE("a refusal is left for the launcher, once, one line of message and one of hint") {
  const TempFolder folder;
  const SessionFolder session(folder.path());
  session.write_error({support::ExitCode::refused, "first\nline\x1b", "do this"});
  session.write_error({support::ExitCode::refused, "second"});
  CHECK(support::read_file(folder / "hook-error", 1000) == "first\\x0aline\\x1b\ndo this\n");
  struct stat info {};
  REQUIRE(lstat((folder / "hook-error").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600);
}

TEST_CASE("a link in the place of hook-error is not followed") {
  const TempFolder folder;
  const SessionFolder session(folder.path());
  folder.write("victim", "keep");
  fs::create_symlink(folder / "victim", folder / "hook-error");
  session.write_error({support::ExitCode::refused, "x"});
  CHECK(support::read_file(folder / "victim", 100) == "keep");
}

} // namespace
} // namespace agentbox::oci::hook
