// SPDX-License-Identifier: Apache-2.0
#include "selinux/relabel.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <map>
#include <set>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "catch.hpp"
#include "support/error.hpp"
#include "temp_directory.hpp"

using namespace agentbox;
using namespace agentbox::selinux;
namespace fs = std::filesystem;

namespace {

constexpr const char* k_home = "unconfined_u:object_r:user_home_t:s0";
constexpr const char* k_ours = "unconfined_u:object_r:container_file_t:s0:c1,c2";
const Label k_label{"container_file_t", "s0:c1,c2"};

/// Labels in memory, for files that exist: as in the kernel, a file without its own context has its directory's.
class LabelsInMemory : public FileLabels {
public:
  std::string context_in(int directory, const char* name) const override {
    ++asked;
    struct stat info {};
    return fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0 ? get(info) : "";
  }
  std::string context_of(int fd) const override {
    struct stat info {};
    return fstat(fd, &info) == 0 ? get(info) : "";
  }
  int set_context(int fd, const std::string& context) override {
    struct stat info {};
    fstat(fd, &info);
    if (const auto found = failing.find(info.st_ino); found != failing.end()) {
      return found->second;
    }
    contexts[info.st_ino] = context;
    changed.insert(info.st_ino);
    return 0;
  }
  std::string at(const fs::path& path) const {
    struct stat info {};
    REQUIRE(lstat(path.c_str(), &info) == 0);
    return get(info);
  }
  std::string get(const struct stat& info) const {
    const auto found = contexts.find(info.st_ino);
    return found == contexts.end() ? k_home : found->second;
  }

  std::map<ino_t, std::string> contexts;
  std::map<ino_t, int> failing;
  std::set<ino_t> changed;
  mutable std::size_t asked = 0;
};

ino_t inode(const fs::path& path) {
  struct stat info {};
  REQUIRE(lstat(path.c_str(), &info) == 0);
  return info.st_ino;
}

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Relabelling tree_of(const fs::path& path) {
  return {path, k_label, true};
}

} // namespace

TEST_CASE("a tree gets its label, with links and hidden files, and user and role stay") {
  const tests::TempDirectory directory;
  directory.write("project/src/deep/main.c", "x");
  directory.write("project/.git/config", "x");
  directory.write("outside", "x");
  fs::create_symlink(directory / "outside", directory / "project/link");
  LabelsInMemory labels;
  const RelabelReport report = relabel(tree_of(directory / "project"), labels);
  for (const char* name :
       {"project", "project/src/deep/main.c", "project/.git", "project/.git/config", "project/link"}) {
    CHECK(labels.at(directory / name) == k_ours);
  }
  CHECK(labels.at(directory / "outside") == k_home);
  CHECK(labels.at(directory.path()) == k_home);
  CHECK(report.error == 0);
  CHECK(report.changed == 7);
  CHECK(report.examined == 7);
}

TEST_CASE("only what differs in type or level is changed") {
  const tests::TempDirectory directory;
  directory.write("project/right", "x");
  directory.write("project/other-level", "x");
  directory.write("project/other-type", "x");
  LabelsInMemory labels;
  labels.contexts[inode(directory / "project")] = k_ours;
  labels.contexts[inode(directory / "project/right")] = "system_u:object_r:container_file_t:s0:c1,c2";
  labels.contexts[inode(directory / "project/other-level")] = "system_u:object_r:container_file_t:s0:c1,c3";
  CHECK(relabel(tree_of(directory / "project"), labels).changed == 2);
  CHECK(labels.at(directory / "project/right") == "system_u:object_r:container_file_t:s0:c1,c2");
  CHECK(labels.at(directory / "project/other-level") == "system_u:object_r:container_file_t:s0:c1,c2");
  CHECK(relabel(tree_of(directory / "project"), labels).changed == 0);
}

TEST_CASE("a file with a hard link outside the tree is never relabelled") {
  const tests::TempDirectory directory;
  directory.write("keys/id", "secret");
  directory.write("project/a/one", "x");
  fs::create_directories(directory / "project/b");
  fs::create_hard_link(directory / "keys/id", directory / "project/stolen");
  fs::create_hard_link(directory / "project/a/one", directory / "project/b/two");
  LabelsInMemory labels;
  const RelabelReport report = relabel(tree_of(directory / "project"), labels);
  CHECK(labels.at(directory / "keys/id") == k_home);
  CHECK(labels.at(directory / "project/b/two") == k_ours); // both links are inside
  CHECK(report.linked == 1);
  CHECK(report.first_linked == "stolen");

  LabelsInMemory more; // a single file
  CHECK(relabel({directory / "project/stolen", k_label}, more).linked == 1);
  CHECK(more.changed.empty());
}

TEST_CASE("sockets and FIFOs of the host keep their label") {
  const tests::TempDirectory directory;
  fs::create_directories(directory / "project");
  REQUIRE(mkfifo((directory / "project/fifo").c_str(), 0600) == 0);
  const int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = (directory / "project/socket").string();
  std::copy(path.begin(), path.end(), static_cast<char*>(address.sun_path));
  REQUIRE(bind(socket_fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  LabelsInMemory labels;
  CHECK(relabel(tree_of(directory / "project"), labels).changed == 1);
  CHECK(labels.at(directory / "project/fifo") == k_home);
  CHECK(labels.at(directory / "project/socket") == k_home);
  close(socket_fd);
}

TEST_CASE("a path that became a link or another directory is not labelled") {
  const tests::TempDirectory directory;
  directory.write("other/file", "x");
  fs::create_directories(directory / "project");
  fs::create_directory_symlink(directory / "other", directory / "link");
  LabelsInMemory labels;
  CHECK_THROWS_AS(relabel(tree_of(directory / "link"), labels), support::Error);
  CHECK_THROWS_AS(relabel({directory / "link", k_label}, labels), support::Error);
  Relabelling what = tree_of(directory / "project");
  what.identity = protocol::FileId{1, 2};
  CHECK_THROWS_AS(relabel(what, labels), support::Error);
  CHECK_THROWS_AS(relabel(tree_of(directory / "gone"), labels), support::Error);
  CHECK(labels.changed.empty());
}

TEST_CASE("files that cannot be labelled are counted, and the others are labelled") {
  const tests::TempDirectory directory;
  directory.write("project/immutable", "x");
  directory.write("project/other", "x");
  LabelsInMemory labels;
  labels.failing[inode(directory / "project/immutable")] = EPERM;
  const RelabelReport report = relabel(tree_of(directory / "project"), labels);
  CHECK(report.denied == 1);
  CHECK(report.first_denied == "immutable");
  CHECK(labels.at(directory / "project/other") == k_ours);

  LabelsInMemory nowhere; // a file system without labels
  nowhere.failing[inode(directory / "project")] = EOPNOTSUPP;
  CHECK(relabel(tree_of(directory / "project"), nowhere).error == EOPNOTSUPP);
  CHECK(nowhere.asked == 0);
}

TEST_CASE("later only directories that changed are examined") {
  const tests::TempDirectory directory;
  for (int i = 0; i < 50; ++i) {
    directory.write("project/old/file-" + std::to_string(i), "x");
  }
  directory.write("project/new/file", "x");
  directory.write("elsewhere/sub/moved", "x");
  LabelsInMemory labels;
  relabel(tree_of(directory / "project"), labels);
  Relabelling later = tree_of(directory / "project");
  later.changed_since = now() + 3'600'000'000'000;
  labels.asked = 0;
  CHECK(relabel(later, labels).changed == 0);
  CHECK(labels.asked == 0);

  // What was moved in keeps its old label; a moved directory is examined with everything below.
  struct stat info {};
  fs::rename(directory / "elsewhere/sub", directory / "project/new/sub");
  REQUIRE(stat((directory / "project/new").c_str(), &info) == 0);
  later.changed_since = std::int64_t{info.st_ctim.tv_sec} * 1'000'000'000 + info.st_ctim.tv_nsec;
  CHECK(relabel(later, labels).changed == 2);
  CHECK(labels.at(directory / "project/new/sub/moved") == k_ours);

  // `restorecon -RF` resets the top as well: then everything is examined.
  labels.contexts.clear();
  later.changed_since = now() + 3'600'000'000'000;
  relabel(later, labels);
  CHECK(labels.at(directory / "project/old/file-7") == k_ours);
}

TEST_CASE("where a scan saw what changed, only that and what it left out is examined") {
  const tests::TempDirectory directory;
  for (const char* path : {"old/deep/file", "new/file", "elsewhere/sub/moved", "data/a/b/file"}) {
    directory.write("project/" + std::string(path), "x");
  }
  LabelsInMemory labels;
  relabel(tree_of(directory / "project"), labels);
  for (const char* path : {"old/deep/file", "new/file", "elsewhere/sub", "elsewhere/sub/moved", "data/a/b/file"}) {
    labels.contexts[inode(directory / "project" / path)] = k_home;
  }
  fs::rename(directory / "project/elsewhere/sub", directory / "project/new/sub");
  Relabelling later = tree_of(directory / "project");
  later.changed_since = 1; // of the scan: in this test, everything has changed since
  later.changes = support::TreeChanges{1, 2, {"", "gone", "new"}, {"data/a"}};
  CHECK(relabel(later, labels).changed == 4);
  CHECK(labels.at(directory / "project/new/sub/moved") == k_ours);
  CHECK(labels.at(directory / "project/data/a/b/file") == k_ours);
  CHECK(labels.at(directory / "project/old/deep/file") == k_home); // the scan says that nothing changed there
  labels.contexts.erase(inode(directory / "project"));             // restorecon -RF
  relabel(later, labels);
  CHECK(labels.at(directory / "project/old/deep/file") == k_ours);
}

TEST_CASE("hard links in different directories are found although only one directory changed") {
  const tests::TempDirectory directory;
  directory.write("project/old/one", "x");
  fs::create_directories(directory / "project/new");
  LabelsInMemory labels;
  labels.contexts[inode(directory / "project")] = k_ours;
  labels.contexts[inode(directory / "project/old")] = k_ours;
  labels.contexts[inode(directory / "project/new")] = k_ours;
  fs::create_hard_link(directory / "project/old/one", directory / "project/new/two");
  struct stat info {};
  REQUIRE(stat((directory / "project/new").c_str(), &info) == 0);
  Relabelling later = tree_of(directory / "project");
  later.changed_since = std::int64_t{info.st_ctim.tv_sec} * 1'000'000'000 + info.st_ctim.tv_nsec;
  CHECK(relabel(later, labels).changed == 1);
  CHECK(labels.at(directory / "project/old/one") == k_ours);
}

TEST_CASE("progress is reported every 50,000 entries, and an interruption ends the work") {
  const tests::TempDirectory directory;
  fs::create_directories(directory / "project");
  const fs::path file = directory.write("project/f", "x");
  for (int i = 0; i < 50'001; ++i) { // symbolic links: cheap
    REQUIRE(symlink("f", (directory.path() / "project" / std::to_string(i)).c_str()) == 0);
  }
  LabelsInMemory labels;
  std::vector<std::size_t> seen;
  relabel(tree_of(directory / "project"), labels, [&](std::size_t count) { seen.push_back(count); });
  CHECK(seen == std::vector<std::size_t>{50'000});
  LabelsInMemory again;
  CHECK_THROWS_AS(
      relabel(tree_of(directory / "project"), again, [](std::size_t) { throw std::runtime_error("interrupted"); }),
      std::runtime_error);
}
