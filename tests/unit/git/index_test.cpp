// SPDX-License-Identifier: Apache-2.0
// The reader of the index, on indexes that Git writes.
#include "git/index.hpp"

#include <fstream>

#include "catch.hpp"
#include "support/command.hpp"
#include "support/file.hpp"
#include "temp_directory.hpp"

using namespace agentbox;
using agentbox::tests::TempDirectory;

namespace {

class Repository {
public:
  explicit Repository(const std::string& format) {
    git({"init", "--quiet", "--object-format=" + format, "."});
    for (const char* name : {"a", "dir-b", "dir-bb", "dir/c", "long-enough-to-need-other-padding"}) {
      std::filesystem::create_directories((m_directory / name).parent_path());
      std::ofstream(m_directory / name) << name;
    }
    git({"add", "."});
  }

  void git(std::vector<std::string> words) const {
    std::vector<std::string> all = {support::find_program("git").value(), "-C", m_directory.path().string()};
    all.insert(all.end(), words.begin(), words.end());
    const support::Command command{
        all, {{"GIT_CONFIG_NOSYSTEM", "1"}, {"HOME", "/nonexistent"}, {"LC_ALL", "C"}}, {}, false};
    REQUIRE(support::capture(command, "").status.ok());
  }

  std::string index() const { return support::read_file(m_directory / ".git/index", 1U << 20U); }

private:
  TempDirectory m_directory;
};

} // namespace

TEST_CASE("marked files are found in every version and with every hash") {
  for (const char* format : {"sha1", "sha256"}) {
    for (const char* version : {"2", "3", "4"}) {
      INFO(format << " " << version);
      const Repository repository(format);
      repository.git({"update-index", "--index-version", version});
      REQUIRE(git::hidden_files(repository.index()));
      CHECK(git::hidden_files(repository.index())->count == 0);
      repository.git({"update-index", "--assume-unchanged", "dir-bb"});
      repository.git({"update-index", "--skip-worktree", "dir/c"});
      const auto found = git::hidden_files(repository.index());
      REQUIRE(found);
      CHECK(found->files == std::vector<git::HiddenFile>{{"dir-bb", false}, {"dir/c", true}});
      for (std::size_t length = 0; length < repository.index().size(); length += 7) {
        static_cast<void>(git::hidden_files(repository.index().substr(0, length)));
      }
    }
  }
}

TEST_CASE("an index that is valid with both hash lengths is not examined as either") {
  std::string entry(60, 'x');
  entry += std::string("\x80\0", 2) + "0123456789..rest"; // marked with SHA-1; "..": not marked with SHA-256
  entry.resize(80, '\0');
  const std::string index =
      std::string("DIRC\0\0\0\2\0\0\0\1", 12) + entry + std::string("ABCD\0\0\0\4xxxx", 12) + std::string(20, 'h');
  CHECK_FALSE(git::hidden_files(index));
}

TEST_CASE("what is not an index hides nothing") {
  CHECK_FALSE(git::hidden_files(""));
  CHECK_FALSE(git::hidden_files("DIRC"));
  CHECK_FALSE(git::hidden_files(std::string("DIRC\0\0\0\2\xff\xff\xff\xff", 12) + std::string(100, 'x')));
  CHECK_FALSE(git::hidden_files(std::string("DIRC\0\0\0\5\0\0\0\0", 12) + std::string(20, 'x')));
  CHECK(git::hidden_files(std::string("DIRC\0\0\0\2\0\0\0\0", 12) + std::string(20, 'x')));
}
