// SPDX-License-Identifier: Apache-2.0
#include "guard/letter_case.hpp"

#include "box.hpp"
#include "support/ascii.hpp"

using namespace agentbox;
using namespace agentbox::guard;
namespace fs = std::filesystem;

TEST_CASE("a directory that ignores case is recognized by its type, its flag, or a name in it") {
  CHECK(ignores_case(0x4d44, 0));
  CHECK(ignores_case(0x2011BAB0, 0));
  CHECK(ignores_case(0xEF53, 0x40080000));
  CHECK_FALSE(ignores_case(0xEF53, 0x00080000));
  CHECK(in_other_case(".git") == ".GIT");
  CHECK(in_other_case("Makefile") == "mAKEFILE");
  CHECK_FALSE(in_other_case(".1-2"));
  const FileAt blind = [](const std::string& name) {
    return support::lower(name) == ".git" ? std::optional(std::pair<std::uint64_t, std::uint64_t>(1, 2)) : std::nullopt;
  };
  const FileAt exact = [](const std::string& name) {
    return name == ".git" ? std::optional(std::pair<std::uint64_t, std::uint64_t>(1, 2)) : std::nullopt;
  };
  CHECK(leads_to_one_file({"1", ".git"}, blind));
  CHECK_FALSE(leads_to_one_file({"1", ".git"}, exact));
  CHECK_FALSE(leads_to_one_file({"other"}, blind));
}

TEST_CASE("ordinary directories tell upper from lower case") {
  const session_test::RuntimeDirectory directory;
  fs::create_directories(directory.path() / ".git/hooks");
  fs::create_directories(directory.path() / ".GIT");
  CHECK_NOTHROW(require_case_sensitive(Walk(directory.path()), {".git/hooks", ".vscode"}));
}
