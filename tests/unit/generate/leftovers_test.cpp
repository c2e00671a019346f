// SPDX-License-Identifier: Apache-2.0
// What is taken for a leftover of an `agentbox generate` that was killed, and what is not.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.hpp"
#include "generate/leftovers.hpp"
#include "support/file.hpp"
#include "temp_folder.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox {
namespace {

namespace fs = std::filesystem;
using generate::remove_leftovers;
using tests::contains;
using tests::TempFolder;

void remove_tree(const fs::path& folder) {
  fs::remove_all(folder);
}

/// A folder that looks like one a killed run left, as far as that can be told from its name and mark.
fs::path leftover(const fs::path& output, const std::string& machine = generate::machine_name()) {
  const fs::path folder = output.parent_path() / ("." + output.filename().string() + ".agentbox-Ab12Cd");
  fs::create_directories(folder / generate::k_new_set);
  support::write_file(folder / generate::k_new_set / "x", "x");
  support::write_file(folder / generate::k_mark, machine);
  return folder;
}

TEST_CASE("only what is certain to be a leftover is removed") {
  const TempFolder scratch;
  const fs::path output = scratch / "out";
  const fs::path folder = leftover(output);
  const auto lines = [&] { return remove_leftovers(output, remove_tree); };
  SECTION("which this is") {
    CHECK(lines().empty());
    CHECK_FALSE(fs::exists(folder));
  }
  const auto stays = [&](const std::string& why) {
    const std::vector<std::string> said = lines();
    REQUIRE(said.size() == 1);
    CHECK(contains(said.front(), folder.string()));
    CHECK(contains(said.front(), why));
    CHECK(fs::exists(folder / generate::k_new_set / "x"));
  };
  SECTION("without a mark") {
    fs::remove(folder / generate::k_mark);
    stays("does not have the mark");
  }
  SECTION("with a link for a mark") {
    fs::remove(folder / generate::k_mark);
    fs::create_symlink(scratch.write("elsewhere", generate::machine_name()), folder / generate::k_mark);
    stays("does not have the mark");
  }
  SECTION("with a FIFO for a mark") {
    fs::remove(folder / generate::k_mark);
    REQUIRE(mkfifo((folder / generate::k_mark).c_str(), 0600) == 0);
    stays("does not have the mark");
  }
  SECTION("with an empty mark") {
    support::write_file(folder / generate::k_mark, "");
    stays("is empty");
  }
  SECTION("of another machine") {
    support::write_file(folder / generate::k_mark, "elsewhere\n");
    stays("another machine, \"elsewhere\"");
  }
  SECTION("with a file of somebody's") {
    support::write_file(folder / "thesis.txt", "precious");
    stays("thesis.txt");
  }
  SECTION("with an old output that was not generated") {
    fs::create_directory(folder / generate::k_exchanged);
    support::write_file(folder / generate::k_exchanged / "thesis.txt", "precious");
    stays("may hold what was in");
  }
  SECTION("with a link to an old output") {
    fs::create_directory_symlink(scratch.path(), folder / generate::k_exchanged);
    stays("may hold what was in");
  }
  SECTION("in use") {
    const support::Fd mark(open((folder / generate::k_mark).c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(flock(mark.get(), LOCK_EX | LOCK_NB) == 0);
    CHECK(lines().empty());
    CHECK(fs::exists(folder / generate::k_new_set / "x"));
  }
}

TEST_CASE("another name, or a link, is nobody's leftover") {
  const TempFolder scratch;
  const fs::path output = scratch / "out";
  const fs::path folder = leftover(output);
  for (const char* name : {".out.agentbox-Ab12C", ".out.agentbox-Ab12Cde", ".out.agentbox-Ab12C-", ".out.agentbox",
                           "out.agentbox-Ab12Cd", ".out2.agentbox-Ab12Cd"}) {
    INFO(name);
    const fs::path other = scratch / name;
    fs::rename(folder, other);
    CHECK(remove_leftovers(output, remove_tree).empty());
    CHECK(fs::exists(other / generate::k_new_set / "x"));
    fs::rename(other, folder);
  }
  fs::rename(folder, scratch / "elsewhere");
  fs::create_directory_symlink(scratch / "elsewhere", folder);
  CHECK(remove_leftovers(output, remove_tree).empty());
  CHECK(fs::is_symlink(folder));
  CHECK(fs::exists(scratch / "elsewhere" / generate::k_new_set / "x"));
}

TEST_CASE("attack: a leftover with links in it costs nothing outside of it") {
  const TempFolder scratch;
  const fs::path output = scratch / "out";
  const fs::path folder = leftover(output);
  const fs::path precious = scratch.write("precious/file", "precious");
  fs::create_directory_symlink(precious.parent_path(), folder / generate::k_new_set / "link");
  fs::create_directory_symlink(precious.parent_path(), folder / generate::k_rubbish);
  CHECK(remove_leftovers(output, remove_tree).empty());
  CHECK_FALSE(fs::exists(folder));
  CHECK(fs::exists(precious));
}

TEST_CASE("a project full of such names costs ten lines") {
  const TempFolder scratch;
  for (int number = 100; number < 130; ++number) {
    scratch.write(".out.agentbox-abc" + std::to_string(number) + "/x", "x");
  }
  CHECK(remove_leftovers(scratch / "out", remove_tree).size() == 10);
}

} // namespace
} // namespace agentbox
