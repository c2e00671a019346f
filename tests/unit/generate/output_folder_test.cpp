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
#include "generate/output_folder.hpp"
#include "generate/output_record.hpp"
#include "oci/bundle/bundle.hpp"
#include "remove_content.hpp"
#include "support/file.hpp"
#include "tar.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox {
namespace {

namespace fs = std::filesystem;
using generate::OutputFolder;
using tests::contains;
using tests::error_of;
using tests::ScratchFolder;

constexpr std::size_t k_max = 1U << 20U;

void fill(const OutputFolder& output, const oci::GeneratedSet& set, oci::OutputFormat format) {
  output.write(set);
  output.write(
      {{generate::k_record_file, generate::record_text(format, tests::build(tests::sample_fields()), {}, set)}});
}

/// Returns the lines about what was kept.
std::vector<std::string> write(const fs::path& folder, const oci::GeneratedSet& set, bool force = false,
                               oci::OutputFormat format = oci::OutputFormat::kube) {
  OutputFolder output(folder, force, false, tests::remove_content);
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

/// Runs `action` in a process of its own, in which system call `number` fails with `error`. Returns its result.
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

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

const oci::GeneratedSet k_set = {{"pod.yaml", "one\n"}, {"deep/start", "#!/bin/sh\n", 0755}};

TEST_CASE("a set appears as a whole, and nothing is left beside it") {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "new/out";
  write(folder, k_set);
  CHECK(support::read_file(folder / "pod.yaml", k_max) == "one\n");
  struct stat info {};
  REQUIRE(stat((folder / "deep/start").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0755U);
  CHECK(entries(scratch.path() / "new") == 1);
}

TEST_CASE("an untouched set may be replaced, one changed by hand may not") {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "out";
  write(folder, k_set);
  write(folder, {{"pod.yaml", "two\n"}});
  CHECK(support::read_file(folder / "pod.yaml", k_max) == "two\n");
  CHECK_FALSE(fs::exists(folder / "deep"));
  std::ofstream(folder / "pod.yaml", std::ios::app) << "mine\n";
  CHECK(contains(error_of([&] { write(folder, k_set); }), "other files"));
  CHECK(contains(support::read_file(folder / "pod.yaml", k_max), "mine"));
  write(folder, k_set, true);
  CHECK(support::read_file(folder / "pod.yaml", k_max) == "one\n");
}

TEST_CASE("other files are neither lost nor overwritten") {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "out";
  fs::create_directories(folder / "notes");
  std::ofstream(folder / "notes/a") << "precious";
  CHECK(contains(error_of([&] { write(folder, k_set); }), "--output") == false);
  CHECK(contains(error_of([&] { write(folder, k_set); }), "other files"));
  CHECK(entries(scratch.path()) == 1);
  write(folder, k_set, true);
  CHECK(support::read_file(folder / "notes/a", k_max) == "precious");
  CHECK(support::read_file(folder / "pod.yaml", k_max) == "one\n");
  CHECK(entries(scratch.path()) == 1);
}

TEST_CASE("other files outlive --force beside a damaged record") {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "out";
  fs::create_directories(folder / "notes");
  std::ofstream(folder / "notes/a") << "precious";
  std::ofstream(folder / generate::k_record_file) << "{";
  CHECK(contains(error_of([&] { write(folder, k_set); }), "other files"));
  write(folder, k_set, true);
  CHECK(support::read_file(folder / "notes/a", k_max) == "precious");
  CHECK(support::read_file(folder / "pod.yaml", k_max) == "one\n");
  CHECK(entries(scratch.path()) == 1);
}

TEST_CASE("--force keeps other files also in directories that the set has") {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "deploy";
  write_text(folder / "agent/main.py", "precious");
  write_text(folder / "agent/lib/deep/a.py", "precious too");
  write_text(folder / "agent/config.json", "mine");
  write_text(folder / "file/inside", "where the set has a file");
  CHECK(write(folder, {{"agent/config.json", "{}"}, {"agent/lib/b", "b"}, {"file", "f"}}, true).empty());
  CHECK(content(folder / "agent/main.py") == "precious");
  CHECK(content(folder / "agent/lib/deep/a.py") == "precious too");
  CHECK(content(folder / "agent/lib/b") == "b");
  CHECK(content(folder / "agent/config.json") == "{}");
  CHECK(content(folder / "file") == "f");
  CHECK(entries(scratch.path()) == 1);
}

TEST_CASE("--force replaces a root filesystem as a whole") {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "out";
  write_text(folder / "agent/rootfs/etc/old", "old");
  write_text(folder / "notes", "precious");
  CHECK(write(folder, {{"agent/rootfs/etc/new", "new"}}, true, oci::OutputFormat::oci).empty());
  CHECK(content(folder / "agent/rootfs/etc/new") == "new");
  CHECK_FALSE(fs::exists(folder / "agent/rootfs/etc/old"));
  CHECK(content(folder / "notes") == "precious");
}

TEST_CASE("another file anywhere in a set keeps it from being replaced") {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "out";
  write(folder, k_set);
  const auto is_refused = [&] { return contains(error_of([&] { write(folder, k_set); }), "other files"); };
  CHECK_FALSE(is_refused());
  for (const char* name : {"deep/mine", "deep/er/mine", "mine", "run/mine", "firewall.pid", "agent/rootfs/mine"}) {
    INFO(name);
    write_text(folder / name, "precious");
    CHECK(is_refused());
    CHECK(content(folder / name) == "precious");
    fs::remove_all(folder / *fs::path(name).begin());
    write(folder, k_set, true);
  }
  fs::create_directory(folder / "deep/empty");
  CHECK(is_refused());
  fs::remove(folder / "deep/empty");
  fs::rename(folder / "pod.yaml", scratch.path() / "elsewhere");
  fs::create_symlink(scratch.path() / "elsewhere", folder / "pod.yaml");
  CHECK(is_refused());
}

TEST_CASE("what `start` adds to a bundle does not keep it from being replaced") {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "out";
  const oci::GeneratedSet set = {
      {"agent/config.json", "{}"}, {"firewall/config.json", "{}"}, {"start", "#!/bin/sh\n", 0755}};
  write(folder, set, false, oci::OutputFormat::oci);
  for (const char* file : oci::k_start_files) {
    write_text(folder / file, "1");
  }
  for (const char* directory : oci::k_bundle_directories) {
    write_text(folder / directory / "any/thing", "1");
  }
  CHECK(write(folder, set, false, oci::OutputFormat::oci).empty());
  CHECK_FALSE(fs::exists(folder / "run"));
  write_text(folder / "agent/main.py", "precious");
  CHECK(contains(error_of([&] { write(folder, set); }), "other files"));
}

TEST_CASE("what changes in the old directory meanwhile is kept, and named") {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "out";
  write(folder, k_set);
  OutputFolder output(folder, false, false, tests::remove_content);
  fill(output, k_set, oci::OutputFormat::kube);
  write_text(folder / "pod.yaml", "edited");
  const fs::path old = output.temporary();
  output.commit();
  REQUIRE(output.kept().size() == 1);
  CHECK(contains(output.kept().front(), old.string()));
  CHECK(content(old / "pod.yaml") == "edited");
  CHECK(content(folder / "pod.yaml") == "one\n");
}

TEST_CASE("an old set that cannot be removed is named, and is not an error") {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "out";
  write(folder, k_set);
  OutputFolder output(folder, false, false, [](const support::Fd& /*directory*/, const fs::path& /*temporary*/) {
    throw support::Error(support::ExitCode::failed, "podman is broken");
  });
  fill(output, {{"pod.yaml", "two\n"}}, oci::OutputFormat::kube);
  output.commit();
  REQUIRE(output.kept().size() == 1);
  CHECK(contains(output.kept().front(), "podman is broken"));
  CHECK(content(folder / "pod.yaml") == "two\n");
}

TEST_CASE("attack: the temporary directory becomes a link") {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "out";
  const fs::path precious = scratch.path() / "precious";
  fs::create_directory(precious);
  const auto attack = [&] {
    OutputFolder output(folder, false, false, tests::remove_content);
    fs::rename(output.temporary(), scratch.path() / "aside");
    fs::create_directory_symlink(precious, output.temporary());
    fill(output, k_set, oci::OutputFormat::kube);
    output.commit();
  };
  CHECK(contains(error_of(attack, support::ExitCode::failed), "changed while it was being replaced"));
  CHECK(fs::is_empty(precious));
}

TEST_CASE("attack: a directory in the temporary one becomes a link") {
  const ScratchFolder scratch;
  fs::create_directory(scratch.path() / "precious");
  const OutputFolder output(scratch.path() / "out", false, false, tests::remove_content);
  fs::create_directory_symlink(scratch.path() / "precious", output.temporary() / "deep");
  CHECK_FALSE(error_of([&] { output.write(k_set); }, support::ExitCode::failed).empty());
  CHECK(fs::is_empty(scratch.path() / "precious"));
}

TEST_CASE("a file system without locks can be used") {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "out";
  for (const unsigned error : {ENOLCK, EOPNOTSUPP}) {
    CHECK(without_call(SYS_flock, error, [&] { return write(folder, k_set).empty(); }) == 1);
    CHECK(content(folder / "pod.yaml") == "one\n");
    CHECK(entries(scratch.path()) == 1);
  }
}

TEST_CASE("a temporary directory that cannot be used is removed") {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "out";
  for (const unsigned call : {SYS_fchmod, SYS_flock}) {
    const auto fails = [&] {
      return contains(error_of([&] { write(folder, k_set); }, support::ExitCode::failed), "cannot write to");
    };
    CHECK(without_call(call, EPERM, fails) == 1);
    CHECK(fs::is_empty(scratch.path()));
  }
}

TEST_CASE("when the set cannot be finished the old one stays and nothing else") {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "out";
  write(folder, k_set);
  {
    OutputFolder output(folder, false, false, tests::remove_content);
    output.write({{"pod.yaml", "half"}});
  }
  CHECK(support::read_file(folder / "pod.yaml", k_max) == "one\n");
  CHECK(entries(scratch.path()) == 1);
}

TEST_CASE("an output that is not a directory of its own is refused") {
  const ScratchFolder scratch;
  const auto refusal = [](const fs::path& folder) {
    return error_of([&] { write(generate::resolve_output(folder), k_set, true); });
  };
  std::ofstream(scratch.path() / "file") << "x";
  fs::create_directory_symlink(scratch.path(), scratch.path() / "link");
  CHECK(contains(refusal(scratch.path() / "file"), "not a directory"));
  CHECK(contains(refusal(scratch.path() / "link"), "not a directory"));
  CHECK(contains(refusal("/"), "root directory"));
  CHECK(contains(refusal("."), "working directory"));
  CHECK(contains(refusal(".."), "above"));
  CHECK(contains(refusal(support::home_folder()), ""));
  CHECK(fs::exists(scratch.path() / "file"));
}

} // namespace
} // namespace agentbox
