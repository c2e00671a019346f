// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <fstream>
#include <functional>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"
#include "generate/output_directory.hpp"
#include "generate/output_record.hpp"
#include "oci/bundle/bundle.hpp"
#include "remove_content.hpp"
#include "support/file.hpp"
#include "tar.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox {
namespace {

namespace fs = std::filesystem;
using generate::OutputDirectory;
using tests::contains;
using tests::error_of;
using tests::ScratchDirectory;

constexpr std::size_t k_max = 1U << 20U;

void fill(const OutputDirectory& output, const oci::GeneratedSet& set, oci::OutputFormat format) {
  output.write(set);
  output.write(
      {{generate::k_record_file, generate::record_text(format, tests::build(tests::sample_fields()), {}, set)}});
}

/// Returns the lines about what was kept.
std::vector<std::string> write(const fs::path& directory, const oci::GeneratedSet& set, bool force = false,
                               oci::OutputFormat format = oci::OutputFormat::kube) {
  OutputDirectory output(directory, force, false, tests::remove_content);
  fill(output, set, format);
  output.commit();
  return output.kept();
}

void write_text(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  support::write_file(file, text);
}

std::string content(const fs::path& file) {
  return support::read_file_if_exists(file, k_max).value_or("");
}

/// Runs `action` in a separate process, in which system call `number` fails with `error`. Returns its result.
int without_call(unsigned number, unsigned error, const std::function<bool()>& action) {
  const pid_t child = fork();
  if (child == 0) {
    std::array<sock_filter, 4> code{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
                                     BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
                                     BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
    const sock_fprog program{code.size(), code.data()};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
      _exit(99);
    }
    _exit(action() ? 1 : 0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WEXITSTATUS(status);
}

std::size_t entries(const fs::path& directory) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

const oci::GeneratedSet k_set = {{"pod.yaml", "one\n"}, {"deep/start", "#!/bin/sh\n", 0755}};

TEST_CASE("a set appears as a whole, and nothing is left next to it") {
  const ScratchDirectory scratch;
  const fs::path directory = scratch.path() / "new/out";
  write(directory, k_set);
  CHECK(support::read_file(directory / "pod.yaml", k_max) == "one\n");
  struct stat info {};
  REQUIRE(stat((directory / "deep/start").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0755U);
  CHECK(entries(scratch.path() / "new") == 1);
}

TEST_CASE("an untouched set may be replaced, one changed by hand may not") {
  const ScratchDirectory scratch;
  const fs::path directory = scratch.path() / "out";
  write(directory, k_set);
  write(directory, {{"pod.yaml", "two\n"}});
  CHECK(support::read_file(directory / "pod.yaml", k_max) == "two\n");
  CHECK_FALSE(fs::exists(directory / "deep"));
  std::ofstream(directory / "pod.yaml", std::ios::app) << "mine\n";
  CHECK(contains(error_of([&] { write(directory, k_set); }), "other files"));
  CHECK(contains(support::read_file(directory / "pod.yaml", k_max), "mine"));
  write(directory, k_set, true);
  CHECK(support::read_file(directory / "pod.yaml", k_max) == "one\n");
}

TEST_CASE("other files are neither lost nor overwritten") {
  const ScratchDirectory scratch;
  const fs::path directory = scratch.path() / "out";
  fs::create_directories(directory / "notes");
  std::ofstream(directory / "notes/a") << "precious";
  CHECK(contains(error_of([&] { write(directory, k_set); }), "--output") == false);
  CHECK(contains(error_of([&] { write(directory, k_set); }), "other files"));
  CHECK(entries(scratch.path()) == 1);
  write(directory, k_set, true);
  CHECK(support::read_file(directory / "notes/a", k_max) == "precious");
  CHECK(support::read_file(directory / "pod.yaml", k_max) == "one\n");
  CHECK(entries(scratch.path()) == 1);
}

TEST_CASE("--force keeps other files even when the record is damaged") {
  const ScratchDirectory scratch;
  const fs::path directory = scratch.path() / "out";
  fs::create_directories(directory / "notes");
  std::ofstream(directory / "notes/a") << "precious";
  std::ofstream(directory / generate::k_record_file) << "{";
  CHECK(contains(error_of([&] { write(directory, k_set); }), "other files"));
  write(directory, k_set, true);
  CHECK(support::read_file(directory / "notes/a", k_max) == "precious");
  CHECK(support::read_file(directory / "pod.yaml", k_max) == "one\n");
  CHECK(entries(scratch.path()) == 1);
}

TEST_CASE("--force keeps other files even in directories of the set") {
  const ScratchDirectory scratch;
  const fs::path directory = scratch.path() / "deploy";
  write_text(directory / "agent/main.py", "precious");
  write_text(directory / "agent/lib/deep/a.py", "precious too");
  write_text(directory / "agent/config.json", "mine");
  write_text(directory / "file/inside", "where the set has a file");
  CHECK(write(directory, {{"agent/config.json", "{}"}, {"agent/lib/b", "b"}, {"file", "f"}}, true).empty());
  CHECK(content(directory / "agent/main.py") == "precious");
  CHECK(content(directory / "agent/lib/deep/a.py") == "precious too");
  CHECK(content(directory / "agent/lib/b") == "b");
  CHECK(content(directory / "agent/config.json") == "{}");
  CHECK(content(directory / "file") == "f");
  CHECK(entries(scratch.path()) == 1);
}

TEST_CASE("--force replaces a root filesystem as a whole") {
  const ScratchDirectory scratch;
  const fs::path directory = scratch.path() / "out";
  write_text(directory / "agent/rootfs/etc/old", "old");
  write_text(directory / "notes", "precious");
  CHECK(write(directory, {{"agent/rootfs/etc/new", "new"}}, true, oci::OutputFormat::oci).empty());
  CHECK(content(directory / "agent/rootfs/etc/new") == "new");
  CHECK_FALSE(fs::exists(directory / "agent/rootfs/etc/old"));
  CHECK(content(directory / "notes") == "precious");
}

TEST_CASE("another file anywhere in a set keeps it from being replaced") {
  const ScratchDirectory scratch;
  const fs::path directory = scratch.path() / "out";
  write(directory, k_set);
  const auto is_refused = [&] { return contains(error_of([&] { write(directory, k_set); }), "other files"); };
  CHECK_FALSE(is_refused());
  for (const char* name : {"deep/mine", "deep/er/mine", "mine", "run/mine", "firewall.pid", "agent/rootfs/mine"}) {
    INFO(name);
    write_text(directory / name, "precious");
    CHECK(is_refused());
    CHECK(content(directory / name) == "precious");
    fs::remove_all(directory / *fs::path(name).begin());
    write(directory, k_set, true);
  }
  fs::create_directory(directory / "deep/empty");
  CHECK(is_refused());
  fs::remove(directory / "deep/empty");
  fs::rename(directory / "pod.yaml", scratch.path() / "elsewhere");
  fs::create_symlink(scratch.path() / "elsewhere", directory / "pod.yaml");
  CHECK(is_refused());
}

TEST_CASE("what `start` adds to a bundle does not keep it from being replaced") {
  const ScratchDirectory scratch;
  const fs::path directory = scratch.path() / "out";
  const oci::GeneratedSet set = {
      {"agent/config.json", "{}"}, {"firewall/config.json", "{}"}, {"start", "#!/bin/sh\n", 0755}};
  write(directory, set, false, oci::OutputFormat::oci);
  for (const char* file : oci::k_start_files) {
    write_text(directory / file, "1");
  }
  for (const char* name : oci::k_bundle_directories) {
    write_text(directory / name / "any/thing", "1");
  }
  CHECK(write(directory, set, false, oci::OutputFormat::oci).empty());
  CHECK_FALSE(fs::exists(directory / "run"));
  write_text(directory / "agent/main.py", "precious");
  CHECK(contains(error_of([&] { write(directory, set); }), "other files"));
}

TEST_CASE("what changes in the old directory during the replacement is kept, and named") {
  const ScratchDirectory scratch;
  const fs::path directory = scratch.path() / "out";
  write(directory, k_set);
  OutputDirectory output(directory, false, false, tests::remove_content);
  fill(output, k_set, oci::OutputFormat::kube);
  write_text(directory / "pod.yaml", "edited");
  const fs::path old = output.temporary();
  output.commit();
  REQUIRE(output.kept().size() == 1);
  CHECK(contains(output.kept().front(), old.string()));
  CHECK(content(old / "pod.yaml") == "edited");
  CHECK(content(directory / "pod.yaml") == "one\n");
}

TEST_CASE("an old set that cannot be removed is named, and is not an error") {
  const ScratchDirectory scratch;
  const fs::path directory = scratch.path() / "out";
  write(directory, k_set);
  OutputDirectory output(directory, false, false, [](const support::Fd& /*directory*/, const fs::path& /*temporary*/) {
    throw support::Error(support::ExitCode::failed, "podman is broken");
  });
  fill(output, {{"pod.yaml", "two\n"}}, oci::OutputFormat::kube);
  output.commit();
  REQUIRE(output.kept().size() == 1);
  CHECK(contains(output.kept().front(), "podman is broken"));
  CHECK(content(directory / "pod.yaml") == "two\n");
}

TEST_CASE("attack: the temporary directory becomes a link") {
  const ScratchDirectory scratch;
  const fs::path directory = scratch.path() / "out";
  const fs::path precious = scratch.path() / "precious";
  fs::create_directory(precious);
  const auto attack = [&] {
    OutputDirectory output(directory, false, false, tests::remove_content);
    fs::rename(output.temporary(), scratch.path() / "aside");
    fs::create_directory_symlink(precious, output.temporary());
    fill(output, k_set, oci::OutputFormat::kube);
    output.commit();
  };
  CHECK(contains(error_of(attack, support::ExitCode::failed), "changed while it was being replaced"));
  CHECK(fs::is_empty(precious));
}

TEST_CASE("attack: a directory in the temporary one becomes a link") {
  const ScratchDirectory scratch;
  fs::create_directory(scratch.path() / "precious");
  const OutputDirectory output(scratch.path() / "out", false, false, tests::remove_content);
  fs::create_directory_symlink(scratch.path() / "precious", output.temporary() / "deep");
  CHECK_FALSE(error_of([&] { output.write(k_set); }, support::ExitCode::failed).empty());
  CHECK(fs::is_empty(scratch.path() / "precious"));
}

TEST_CASE("a file system without locks can be used") {
  const ScratchDirectory scratch;
  const fs::path directory = scratch.path() / "out";
  for (const unsigned error : {ENOLCK, EOPNOTSUPP}) {
    CHECK(without_call(SYS_flock, error, [&] { return write(directory, k_set).empty(); }) == 1);
    CHECK(content(directory / "pod.yaml") == "one\n");
    CHECK(entries(scratch.path()) == 1);
  }
}

TEST_CASE("a temporary directory that cannot be used is removed") {
  const ScratchDirectory scratch;
  const fs::path directory = scratch.path() / "out";
  for (const unsigned call : {SYS_fchmod, SYS_flock}) {
    const auto fails = [&] {
      return contains(error_of([&] { write(directory, k_set); }, support::ExitCode::failed), "cannot write to");
    };
    CHECK(without_call(call, EPERM, fails) == 1);
    CHECK(fs::is_empty(scratch.path()));
  }
}

TEST_CASE("when the set cannot be finished, only the old one stays") {
  const ScratchDirectory scratch;
  const fs::path directory = scratch.path() / "out";
  write(directory, k_set);
  {
    OutputDirectory output(directory, false, false, tests::remove_content);
    output.write({{"pod.yaml", "half"}});
  }
  CHECK(support::read_file(directory / "pod.yaml", k_max) == "one\n");
  CHECK(entries(scratch.path()) == 1);
}

TEST_CASE("an output that is not a separate directory is refused") {
  const ScratchDirectory scratch;
  const auto refusal = [](const fs::path& directory) {
    return error_of([&] { write(generate::resolve_output(directory), k_set, true); });
  };
  std::ofstream(scratch.path() / "file") << "x";
  fs::create_directory_symlink(scratch.path(), scratch.path() / "link");
  CHECK(contains(refusal(scratch.path() / "file"), "not a directory"));
  CHECK(contains(refusal(scratch.path() / "link"), "not a directory"));
  CHECK(contains(refusal("/"), "root directory"));
  CHECK(contains(refusal("."), "working directory"));
  CHECK(contains(refusal(".."), "above"));
  CHECK(contains(refusal(support::home_directory()), ""));
  CHECK(fs::exists(scratch.path() / "file"));
}

} // namespace
} // namespace agentbox
