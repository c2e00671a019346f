// SPDX-License-Identifier: Apache-2.0
// What is removed as a leftover of an `agentbox generate` that was killed, and what is not.
#include <atomic>
#include <cstdio>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>

#include "catch.hpp"
#include "generate/output_directory.hpp"
#include "generate/pinned_directory.hpp"
#include "remove_content.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"
#include "temp_directory.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox {
namespace {

namespace fs = std::filesystem;
using tests::contains;
using tests::TempDirectory;

/// Makes a directory as a killed run leaves it.
fs::path leftover(const fs::path& output) {
  const fs::path directory = output.parent_path() / ("." + output.filename().string() + ".agentbox-Ab12Cd");
  fs::create_directories(directory);
  support::write_file(directory / "x", "x");
  support::write_file(directory / generate::k_unfinished_file, "");
  return directory;
}

std::vector<std::string> remove_leftovers(const fs::path& output) {
  return generate::OutputDirectory(output, false, false, tests::remove_content).kept();
}

TEST_CASE("only a certain leftover is removed") {
  const TempDirectory scratch;
  const fs::path output = scratch / "out";
  const fs::path directory = leftover(output);
  SECTION("as this one is") {
    CHECK(remove_leftovers(output).empty());
    CHECK_FALSE(fs::exists(directory));
  }
  SECTION("without the marker") {
    fs::remove(directory / generate::k_unfinished_file);
    const std::vector<std::string> lines = remove_leftovers(output);
    REQUIRE(lines.size() == 1);
    CHECK(contains(lines.front(), directory.string()));
    CHECK(contains(lines.front(), "may contain the previous contents of"));
    CHECK(fs::exists(directory / "x"));
  }
  SECTION("in use") {
    const support::Fd lock(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(flock(lock.get(), LOCK_EX | LOCK_NB) == 0);
    CHECK(remove_leftovers(output).empty());
    CHECK(fs::exists(directory / "x"));
  }
}

TEST_CASE("another name, or a link, is not a leftover") {
  const TempDirectory scratch;
  const fs::path output = scratch / "out";
  const fs::path directory = leftover(output);
  for (const char* name : {".out.agentbox-Ab12C", ".out.agentbox-Ab12Cde", ".out.agentbox-Ab12C-", ".out.agentbox",
                           "out.agentbox-Ab12Cd", ".out2.agentbox-Ab12Cd"}) {
    INFO(name);
    const fs::path other = scratch / name;
    fs::rename(directory, other);
    CHECK(remove_leftovers(output).empty());
    CHECK(fs::exists(other / "x"));
    fs::rename(other, directory);
  }
  fs::rename(directory, scratch / "elsewhere");
  fs::create_directory_symlink(scratch / "elsewhere", directory);
  CHECK(remove_leftovers(output).empty());
  CHECK(fs::is_symlink(directory));
  CHECK(fs::exists(scratch / "elsewhere" / "x"));
}

TEST_CASE("attack: links in a leftover are removed, not followed") {
  const TempDirectory scratch;
  const fs::path output = scratch / "out";
  const fs::path directory = leftover(output);
  const fs::path precious = scratch.write("precious/file", "precious");
  fs::create_directory_symlink(precious.parent_path(), directory / "link");
  fs::remove(directory / generate::k_unfinished_file);
  fs::create_symlink(precious, directory / generate::k_unfinished_file);
  CHECK(remove_leftovers(output).empty());
  CHECK_FALSE(fs::exists(directory));
  CHECK(support::read_file(precious, 64) == "precious");
}

TEST_CASE("attack: a leftover that becomes a link while it is removed") {
  const TempDirectory scratch;
  const fs::path output = scratch / "out";
  const fs::path directory = leftover(output);
  const fs::path precious = scratch.write("precious/x", "precious");
  const auto swapped = [&](const support::Fd& opened, const fs::path& temporary) {
    if (temporary == directory && !fs::exists(scratch / "aside")) {
      fs::rename(directory, scratch / "aside");
      fs::create_directory_symlink(precious.parent_path(), directory);
    }
    tests::remove_content(opened, temporary);
  };
  CHECK(generate::OutputDirectory(output, false, false, swapped).kept().size() == 1);
  CHECK(support::read_file(precious, 64) == "precious");
  CHECK(fs::is_empty(precious.parent_path()) == false);
  CHECK_FALSE(fs::exists(precious.parent_path() / generate::k_unfinished_file));
  CHECK(fs::is_empty(scratch / "aside"));
}

TEST_CASE("attack: a directory in a leftover that becomes a link again and again") {
  const TempDirectory scratch;
  const fs::path precious = scratch.write("precious/file", "precious");
  for (int round = 0; round < 200; ++round) {
    const fs::path directory = scratch / "left";
    for (int number = 0; number < 20; ++number) {
      scratch.write("left/deep/er/file" + std::to_string(number), "x");
    }
    fs::create_directory_symlink(precious.parent_path(), directory / "link");
    const support::Fd opened(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    std::atomic<bool> end = false;
    std::thread box([&] {
      while (!end) {
        renameat2(opened.get(), "link", opened.get(), "deep", RENAME_EXCHANGE);
      }
    });
    for (int tries = 0; tries < 100 && !fs::is_empty(directory); ++tries) {
      for (const fs::directory_entry& entry : fs::directory_iterator(generate::path_of(opened))) {
        std::error_code ignored;
        fs::remove_all(entry.path(), ignored);
      }
    }
    end = true;
    box.join();
    REQUIRE(support::read_file(precious, 64) == "precious");
    REQUIRE(fs::is_empty(directory));
  }
}

TEST_CASE("a leftover is removed with one call") {
  const TempDirectory scratch;
  const fs::path output = scratch / "out";
  const fs::path directory = leftover(output);
  support::write_file(directory / "y", "y");
  std::vector<fs::path> removed;
  const auto count = [&](const support::Fd& opened, const fs::path& temporary) {
    removed.push_back(temporary);
    tests::remove_content(opened, temporary);
  };
  const generate::OutputDirectory next(output, false, false, count);
  CHECK(removed == std::vector<fs::path>{directory});
  CHECK_FALSE(fs::exists(directory));
}

TEST_CASE("attack: a FIFO as the marker does not block") {
  const TempDirectory scratch;
  const fs::path directory = leftover(scratch / "out");
  fs::remove(directory / generate::k_unfinished_file);
  REQUIRE(mkfifo((directory / generate::k_unfinished_file).c_str(), 0600) == 0);
  CHECK(remove_leftovers(scratch / "out").empty());
  CHECK_FALSE(fs::exists(directory));
}

TEST_CASE("a project full of such names gets ten lines") {
  const TempDirectory scratch;
  for (int number = 100; number < 130; ++number) {
    scratch.write(".out.agentbox-abc" + std::to_string(number) + "/x", "x");
  }
  CHECK(remove_leftovers(scratch / "out").size() == 10);
}

} // namespace
} // namespace agentbox
