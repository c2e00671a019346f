// SPDX-License-Identifier: Apache-2.0
#include "support/fifo.hpp"

#include <fstream>
#include <future>
#include <iterator>
#include <sys/stat.h>

#include "catch.hpp"
#include "support/error.hpp"
#include "temp_directory.hpp"

namespace support = agentbox::support;
using agentbox::tests::TempDirectory;

namespace {

/// Starts a reader of `path` that waits for a writer.
std::future<std::string> reader(const std::filesystem::path& path) {
  return std::async(std::launch::async, [path] {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  });
}

bool yes() {
  return true;
}

bool no() {
  return false;
}

} // namespace

TEST_CASE("a FIFO is its owner's alone, and is not made where something exists") {
  const TempDirectory directory;
  const auto path = directory.path() / "fifo";
  support::make_fifo(path);
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK(S_ISFIFO(status.st_mode));
  CHECK((status.st_mode & 0777U) == 0600U);
  CHECK_THROWS_AS(support::make_fifo(path), support::Error);
}

TEST_CASE("the reader gets the text and its end, whoever comes first") {
  const TempDirectory directory;
  const auto path = directory.path() / "fifo";
  support::make_fifo(path);
  SECTION("the reader") {
    auto got = reader(path);
    support::write_to_fifo(path, "word\n", yes);
    CHECK(got.get() == "word\n");
  }
  SECTION("the writer") {
    auto done = std::async(std::launch::async, [&] { support::write_to_fifo(path, "word\n", yes); });
    CHECK(reader(path).get() == "word\n");
    done.get();
  }
}

TEST_CASE("nobody waits for a reader that does not come") {
  const TempDirectory directory;
  const auto path = directory.path() / "fifo";
  support::make_fifo(path);
  CHECK_NOTHROW(support::write_to_fifo(path, "word\n", no));
  CHECK_THROWS_AS(support::write_to_fifo(directory.path() / "none", "word\n", yes), support::Error);
}

TEST_CASE("a released reader sees the end") {
  const TempDirectory directory;
  const auto path = directory.path() / "fifo";
  support::make_fifo(path);
  auto got = reader(path);
  while (got.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) {
    support::release_fifo(path); // it may not have been there yet
  }
  CHECK(got.get().empty());
  CHECK_NOTHROW(support::release_fifo(directory.path() / "none"));
}
