// SPDX-License-Identifier: Apache-2.0
#include "config/trust.hpp"

#include <sys/stat.h>

#include "catch.hpp"
#include "support/error.hpp"
#include "temp_directory.hpp"

namespace config = agentbox::config;
namespace fs = std::filesystem;
using agentbox::support::Error;
using agentbox::tests::TempDirectory;

namespace {

fs::path only_file(const fs::path& directory) {
  return fs::directory_iterator(directory)->path();
}

} // namespace

TEST_CASE("an agreement applies to one workspace and one digest") {
  const TempDirectory directory;
  const config::TrustStore store(directory / "trust");
  CHECK_FALSE(store.agreed("/w", "d1"));
  store.agree("/w", "d1", "");
  CHECK(store.agreed("/w", "d1"));
  CHECK_FALSE(store.agreed("/w", "d2"));
  CHECK_FALSE(store.agreed("/w", ""));
  CHECK_FALSE(store.agreed("/w2", "d1"));
  store.agree("/w", "d2", "");
  CHECK(store.agreed("/w", "d2"));
  CHECK_FALSE(store.agreed("/w", "d1"));
}

TEST_CASE("the text that was agreed to is kept, to show what changes") {
  const TempDirectory directory;
  const config::TrustStore store(directory / "trust");
  CHECK_FALSE(store.last_text("/w"));
  store.agree("/w", "d1", "text one");
  CHECK(store.last_text("/w") == "text one");
  CHECK_FALSE(store.last_text("/w2"));
  store.agree("/w", "d2", std::string(1U << 20U, 'x')); // too long to keep: shown in full next time
  CHECK(store.agreed("/w", "d2"));
  CHECK_FALSE(store.last_text("/w"));
  store.agree("/w", "d3", "not \xff utf-8");
  CHECK(store.agreed("/w", "d3"));
}

TEST_CASE("the store is private") {
  const TempDirectory directory;
  const config::TrustStore store(directory / "trust");
  store.agree("/w", "d1", "");
  struct stat info {};
  REQUIRE(stat((directory / "trust").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777U) == 0700);
  REQUIRE(stat(only_file(directory / "trust").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777U) == 0600);
}

TEST_CASE("a file that others could have written, or a damaged one, is an error and no agreement") {
  const TempDirectory directory;
  const config::TrustStore store(directory / "trust");
  store.agree("/w", "d1", "");
  const fs::path file = only_file(directory / "trust");
  REQUIRE(chmod(file.c_str(), 0666) == 0);
  CHECK_THROWS_AS(store.agreed("/w", "d1"), Error);
  REQUIRE(chmod(file.c_str(), 0600) == 0);
  CHECK(store.agreed("/w", "d1"));

  for (const char* text :
       {"", "{", "[]", "{}", R"({"version":2,"digest":"d1","workspace":"/w"})", R"({"version":1,"digest":7})"}) {
    INFO(text);
    directory.write("trust/" + file.filename().string(), text);
    CHECK_THROWS_AS(store.agreed("/w", "d1"), Error);
  }
  directory.write("trust/" + file.filename().string(), R"({"version":1,"digest":"d1","workspace":"/elsewhere"})");
  CHECK_FALSE(store.agreed("/w", "d1"));

  fs::rename(file, directory / "elsewhere");
  fs::create_symlink(directory / "elsewhere", file);
  CHECK_THROWS_AS(store.agreed("/w", "d1"), Error);
}
