// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <fcntl.h>
#include <fstream>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "catch.hpp"
#include "oci/bundle/extract.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"
#include "tar.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox {
namespace {

namespace fs = std::filesystem;
namespace bundle = oci::bundle;
using support::ExitCode;
using tests::contains;
using tests::error_of;
using tests::make_tar;
using tests::ScratchDirectory;
using tests::TarEntry;

constexpr std::size_t k_max = 1U << 20U;

/// A root filesystem in its own directory, with a file next to it that must never change.
struct World {
  World() {
    fs::create_directory(root);
    std::ofstream(bystander) << "untouched";
    fs::create_directory(directory.path() / "outside");
  }
  void extract_tar(const std::string& tar, const bundle::ExtractLimits& limits = {}) const {
    const support::Fd file(memfd_create("tar", MFD_CLOEXEC));
    REQUIRE(write(file.get(), tar.data(), tar.size()) == static_cast<ssize_t>(tar.size()));
    REQUIRE(lseek(file.get(), 0, SEEK_SET) == 0);
    const fs::path before = fs::current_path();
    fs::current_path(root);
    const auto back = [&](const void*) { fs::current_path(before); };
    const std::unique_ptr<const void, decltype(back)> at_end(this, back);
    bundle::extract(file.get(), {}, limits);
  }
  void extract(const std::vector<TarEntry>& entries) const { extract_tar(make_tar(entries)); }
  std::string refusal(const std::vector<TarEntry>& entries) const {
    const std::string tar = make_tar(entries);
    const std::string message = error_of([&] { extract_tar(tar); });
    CHECK(support::read_file(bystander, k_max) == "untouched");
    CHECK(fs::hard_link_count(bystander) == 1);
    CHECK(fs::is_empty(directory.path() / "outside"));
    return message;
  }
  std::string read(const std::string& path) const { return support::read_file(root / path, k_max); }

  ScratchDirectory directory;
  fs::path root = directory.path() / "root";
  fs::path bystander = directory.path() / "bystander";
};

mode_t mode_of(const fs::path& path) {
  struct stat info {};
  REQUIRE(lstat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

TEST_CASE("files, directories, links, modes, times and attributes are preserved") {
  const World world;
  world.extract({{"./", AE_IFDIR, "", 0750},
                 {"./usr/bin/", AE_IFDIR, "", 0755},
                 {"./usr/bin/tool", AE_IFREG, "content", 04755, "", 0, 0, 0, 0, {{"user.note", "x"}}},
                 {"usr/bin/alias", AE_IFLNK, "tool"},
                 {"usr/bin/same", AE_IFREG, "", 0644, "./usr/bin/tool"},
                 {"closed/", AE_IFDIR, "", 0500},
                 {"closed/file", AE_IFREG, "x"},
                 {"deep/er/file", AE_IFREG, std::string(300000, 'z')},
                 {"run/pipe", AE_IFIFO, "", 0600},
                 {"log", AE_IFREG, "", 0644, "", 0, 0, 0, 0, {}, 1LL << 20},
                 {"..x/...", AE_IFREG, "dots"},
                 {"away", AE_IFLNK, "/etc/passwd"}});
  CHECK(mode_of(world.root) == 0750);
  CHECK(world.read("usr/bin/tool") == "content");
  CHECK(mode_of(world.root / "usr/bin/tool") == 04755);
  CHECK(fs::read_symlink(world.root / "usr/bin/alias") == "tool");
  CHECK(fs::hard_link_count(world.root / "usr/bin/same") == 2);
  CHECK(mode_of(world.root / "closed") == 0500);
  CHECK(world.read("deep/er/file").size() == 300000);
  CHECK(fs::read_symlink(world.root / "away") == "/etc/passwd");
  CHECK(fs::is_fifo(world.root / "run/pipe"));
  CHECK(fs::file_size(world.root / "log") == 1U << 20U);
  CHECK(world.read("..x/...") == "dots");
  struct stat info {};
  REQUIRE(stat((world.root / "deep/er/file").c_str(), &info) == 0);
  CHECK(info.st_mtime == 1000);
  std::array<char, 8> value{};
  if (getxattr((world.root / "usr/bin/tool").c_str(), "user.note", value.data(), value.size()) < 0) {
    CHECK(errno == EOPNOTSUPP); // a tmpfs without user attributes
  } else {
    CHECK(value[0] == 'x');
  }
  fs::permissions(world.root / "closed", fs::perms::owner_all);
}

TEST_CASE("hostile entries are refused by name, and nothing outside changes") {
  const auto refusal = [](const std::vector<TarEntry>& entries) { return World().refusal(entries); };
  const auto refused = [&](const std::string& name, const std::vector<TarEntry>& entries) {
    INFO(name);
    const std::string message = refusal(entries);
    INFO(message);
    CHECK(contains(message, "the image has an entry \"" + name + "\""));
  };
  const std::string outside = fs::temp_directory_path();
  refused("/etc/evil", {{"/etc/evil", AE_IFREG, "x"}});
  refused("../bystander", {{"../bystander", AE_IFREG, "x"}});
  refused("a/../../bystander", {{"a/../../bystander", AE_IFREG, "x"}});
  refused("a/../", {{"a/..", AE_IFDIR}});
  refused("link/evil", {{"link", AE_IFLNK, "../outside"}, {"link/evil", AE_IFREG, "x"}});
  refused("link/evil", {{"link", AE_IFLNK, outside}, {"link/evil", AE_IFREG, "x"}});
  refused("a/link/deep/evil", {{"a/link", AE_IFLNK, "../../outside"}, {"a/link/deep/evil", AE_IFREG, "x"}});
  refused("hard", {{"link", AE_IFLNK, ".."}, {"hard", AE_IFREG, "", 0644, "link/bystander"}});
  refused("hard", {{"hard", AE_IFREG, "", 0644, "../bystander"}});
  refused("hard", {{"hard", AE_IFREG, "", 0644, "/etc/passwd"}});
  refused("hard", {{"hard", AE_IFREG, "", 0644, "missing"}});
  refused("dev/sda", {{"dev/sda", AE_IFBLK, "", 0644, "", 0, 0, 8, 0}});
  refused("dev/null", {{"dev/null", AE_IFCHR, "", 0666, "", 0, 0, 1, 3}});
}

TEST_CASE("a file replaces a link, and is not written through it") {
  const World world;
  CHECK(world.refusal({{"link", AE_IFLNK, "../bystander"}, {"link", AE_IFREG, "x"}}).empty());
  CHECK(world.read("link") == "x");
}

TEST_CASE("attributes that control an overlay filesystem or a label are left out") {
  const World world;
  world.extract({{"f",
                  AE_IFREG,
                  "x",
                  0644,
                  "",
                  0,
                  0,
                  0,
                  0,
                  {{"user.overlay.redirect", "/"}, {"trusted.overlay.opaque", "y"}, {"security.selinux", "label"}}}});
  std::array<char, 8> value{};
  CHECK(getxattr((world.root / "f").c_str(), "user.overlay.redirect", value.data(), value.size()) < 0);
}

TEST_CASE("an owner that the box does not have is refused") {
  const support::Fd file(memfd_create("tar", MFD_CLOEXEC));
  const std::string tar = make_tar({{"f", AE_IFREG, "x", 0644, "", 70000, 0}});
  REQUIRE(write(file.get(), tar.data(), tar.size()) == static_cast<ssize_t>(tar.size()));
  REQUIRE(lseek(file.get(), 0, SEEK_SET) == 0);
  CHECK(contains(error_of([&] { bundle::extract(file.get(), {{0, 0, 65536}}, {}); }), "id 70000"));
}

TEST_CASE("the limits are enforced") {
  const std::string tar = make_tar({{"a", AE_IFREG, std::string(2000, 'x')}, {"b", AE_IFREG, std::string(2000, 'x')}});
  const auto refusal = [&](const bundle::ExtractLimits& limits) {
    return error_of([&] { World().extract_tar(tar, limits); });
  };
  CHECK(refusal({}).empty());
  CHECK(contains(refusal({3000}), "\"b\""));
  CHECK(contains(refusal({10000, 1000}), "\"a\""));
  CHECK(contains(refusal({10000, 10000, 1}), "entries"));
}

/// Extracts `tar` as root of a user namespace that has one id, into a small tmpfs. Returns code, message and hint.
std::string outcome_in_namespace(const std::string& tar, const std::vector<oci::IdMapping>& ids) {
  const support::Fd input(memfd_create("tar", MFD_CLOEXEC));
  REQUIRE(write(input.get(), tar.data(), tar.size()) == static_cast<ssize_t>(tar.size()));
  REQUIRE(lseek(input.get(), 0, SEEK_SET) == 0);
  const support::Fd output(memfd_create("outcome", MFD_CLOEXEC));
  const ScratchDirectory scratch;
  const std::string uid_map = "0 " + std::to_string(geteuid()) + " 1"; // in the namespace both are 65534 until mapped
  const std::string gid_map = "0 " + std::to_string(getegid()) + " 1";
  const pid_t child = fork();
  if (child == 0) {
    std::string text;
    try {
      if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) {
        std::ofstream("/proc/self/setgroups") << "deny";
        std::ofstream("/proc/self/uid_map") << uid_map;
        std::ofstream("/proc/self/gid_map") << gid_map;
        text = mount("tmpfs", scratch.path().c_str(), "tmpfs", 0, "size=64k,nr_inodes=4") == 0 ? "" : "no tmpfs";
        fs::current_path(scratch.path());
        bundle::extract(input.get(), ids, {});
      }
    } catch (const support::Error& error) {
      text += std::to_string(static_cast<int>(error.code())) + " " + error.what() + " " + error.hint();
    }
    _exit(write(output.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
  return support::read_file("/proc/self/fd/" + std::to_string(output.get()), k_max);
}

TEST_CASE("a full disk is not a hostile image") {
  std::vector<TarEntry> entries;
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) {
    entries.push_back({name, AE_IFREG, "x"});
  }
  CHECK_THAT(outcome_in_namespace(make_tar(entries), {}), Catch::StartsWith("125 cannot write \"d\": "));
  CHECK_THAT(outcome_in_namespace(make_tar({{"big", AE_IFREG, std::string(300000, 'x')}}), {}),
             Catch::StartsWith("125 cannot write \"big\": "));
}

TEST_CASE("too few subordinate ids are not a hostile image") {
  const std::string outcome = outcome_in_namespace(make_tar({{"f", AE_IFREG, "x", 0644, "", 5, 5}}), {{0, 0, 10}});
  CHECK_THAT(outcome, Catch::StartsWith("125 cannot write \"f\": ") && Catch::Contains("agentbox doctor"));
}

TEST_CASE("an archive without entries is an error") {
  const auto extract = [](const std::string& tar) { World().extract_tar(tar); };
  CHECK(contains(error_of([&] { extract(make_tar({})); }, ExitCode::failed), "no entries"));
  CHECK(contains(error_of([&] { extract(std::string(10240, '\0')); }, ExitCode::failed), "no entries"));
  CHECK_FALSE(error_of([&] { extract(""); }, ExitCode::failed).empty());
}

TEST_CASE("a damaged archive is an error") {
  const std::string tar = make_tar({{"a", AE_IFREG, std::string(100000, 'x')}});
  for (const std::string& damaged : {tar.substr(0, tar.size() / 2), std::string("not an archive, but long enough")}) {
    CHECK(contains(error_of([&] { World().extract_tar(damaged); }, ExitCode::failed), "damaged"));
  }
}

} // namespace
} // namespace agentbox
