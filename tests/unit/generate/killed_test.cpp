// SPDX-License-Identifier: Apache-2.0
// The leftovers of an `agentbox generate` that is killed before any of its system calls that may change something.
#include <csignal>
#include <functional>
#include <stdexcept>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"
#include "generate/output_directory.hpp"
#include "generate/output_record.hpp"
#include "remove_content.hpp"
#include "support/file.hpp"
#include "temp_directory.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox {
namespace {

namespace fs = std::filesystem;
using generate::OutputDirectory;
using tests::contains;
using tests::TempDirectory;

constexpr std::size_t k_max = 1U << 20U;
const oci::GeneratedSet k_old = {{"pod.yaml", "old\n"}, {"deep/start", "#!/bin/sh\n", 0755}};
const oci::GeneratedSet k_new = {{"pod.yaml", "new\n"}, {"more.yaml", "more\n"}};

std::vector<std::string> write(const fs::path& directory, const oci::GeneratedSet& set, const std::string& record,
                               bool force = false) {
  OutputDirectory output(directory, force, false, tests::remove_content);
  output.write(set);
  output.write({{generate::k_record_file, record}});
  output.commit();
  return output.kept();
}

std::string record_of(const oci::GeneratedSet& set) {
  return generate::record_text(oci::OutputFormat::kube, tests::build(tests::sample_fields()), {}, set);
}

/// Returns the temporary directories next to `output`.
std::vector<fs::path> temporaries(const fs::path& output) {
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(output.parent_path())) {
    if (generate::is_temporary_name(output, entry.path().filename().string())) {
      found.push_back(entry.path());
    }
  }
  return found;
}

int status_of(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child) {
    throw std::runtime_error("cannot wait for the run");
  }
  return status;
}

/// Returns whether `child` stopped on its way into a system call that may change something.
bool is_step(pid_t child) {
  struct __ptrace_syscall_info info {};                       // NOLINT(bugprone-reserved-identifier)
  ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info); // NOLINT(*-vararg)
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY) {
    return false;
  }
  switch (info.entry.nr) {
  case SYS_read:
  case SYS_pread64:
  case SYS_close:
  case SYS_fstat:
  case SYS_newfstatat:
  case SYS_lseek:
  case SYS_getdents64:
  case SYS_mmap:
  case SYS_munmap:
  case SYS_futex: return false;
  default: return true;
  }
}

/// Runs `action` in a separate process that is stopped before its step number `last`: then `meet` is called, and it
/// continues if that returns true, else it is killed. Returns false when there is no such step.
bool stopped_before(int last, const std::function<void()>& action, const std::function<bool()>& meet) {
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); // NOLINT(*-vararg)
    raise(SIGSTOP);
    action();
    _exit(0);
  }
  if (child < 0 || !WIFSTOPPED(status_of(child))) {
    throw std::runtime_error("a run cannot be traced here");
  }
  ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD); // NOLINT(*-vararg)
  for (int step = 0; step <= last;) {
    ptrace(PTRACE_SYSCALL, child, nullptr, nullptr); // NOLINT(*-vararg)
    if (const int status = status_of(child); WIFEXITED(status)) {
      REQUIRE(WEXITSTATUS(status) == 0);
      return false;
    }
    step += is_step(child) ? 1 : 0;
  }
  if (meet()) {
    ptrace(PTRACE_DETACH, child, nullptr, nullptr); // NOLINT(*-vararg)
    REQUIRE(status_of(child) == 0);
    return true;
  }
  kill(child, SIGKILL);
  status_of(child);
  return true;
}

/// Calls `check` after each kill of a run that writes k_new to `output`, which `prepare` makes anew each time.
void after_each_kill(bool force, const std::function<void(const fs::path& output)>& prepare,
                     const std::function<void(const fs::path& output)>& check) {
  const std::string record = record_of(k_new);
  int step = 0;
  for (bool killed = true; killed; ++step) {
    const TempDirectory scratch;
    const fs::path output = scratch / "out";
    prepare(output);
    killed = stopped_before(
        step, [&] { write(output, k_new, record, force); }, [] { return false; });
    INFO("killed before step " << step);
    check(output);
  }
  CHECK(step > 20); // there were steps to try
}

std::string content(const fs::path& file) {
  return support::read_file_if_exists(file, k_max).value_or("");
}

TEST_CASE("whatever a killed run leaves is gone after the next one") {
  std::size_t seen = 0;
  const std::string record = record_of(k_new);
  SECTION("of a first set") {
    after_each_kill(
        false, [](const fs::path& /*output*/) {},
        [&](const fs::path& output) {
          seen += temporaries(output).size();
          CHECK(write(output, k_new, record).empty());
          CHECK(temporaries(output).empty());
          CHECK(content(output / "more.yaml") == "more\n");
        });
  }
  SECTION("of one that replaces another") {
    after_each_kill(
        false, [old = record_of(k_old)](const fs::path& output) { write(output, k_old, old); },
        [&](const fs::path& output) {
          seen += temporaries(output).size();
          const bool replaced = content(output / "pod.yaml") == "new\n";
          CHECK(content(output / "pod.yaml") == (replaced ? "new\n" : "old\n"));
          CHECK(fs::exists(output / "more.yaml") == replaced);
          CHECK(write(output, k_new, record).empty());
          CHECK(temporaries(output).empty());
          CHECK(content(output / "more.yaml") == "more\n");
        });
  }
  CHECK(seen > 20);
}

TEST_CASE("what a killed run with --force leaves is either certain to be ours, or kept and reported") {
  std::size_t kept = 0;
  std::size_t removed = 0;
  after_each_kill(
      true,
      [](const fs::path& output) {
        fs::create_directories(output / "notes");
        support::write_file(output / "notes/a", "precious");
        support::write_file(output / "pod.yaml", "mine");
      },
      [&](const fs::path& output) {
        const std::vector<fs::path> before = temporaries(output);
        const bool lost = content(output / "pod.yaml") == "new\n" && before.empty(); // as --force demands
        const std::vector<std::string> lines = write(output, k_new, record_of(k_new), true);
        const std::vector<fs::path> left = temporaries(output);
        CHECK(lines.size() == left.size());
        std::string everything = content(output / "notes/a");
        for (const fs::path& directory : left) {
          CHECK(contains(lines.at(0), directory.string()));
          everything += content(directory / "notes/a");
        }
        CHECK(everything == "precious");
        CHECK_FALSE((lost && !left.empty()));
        kept += left.size();
        removed += before.size() - left.size();
      });
  CHECK(kept > 0);
  CHECK(removed > 0);
}

TEST_CASE("a run that meets another one at any step succeeds") {
  const std::string record = record_of(k_new);
  const std::string old = record_of(k_old);
  int step = 0;
  for (bool met = true; met; ++step) {
    const TempDirectory scratch;
    const fs::path output = scratch / "out";
    write(output, k_old, old);
    INFO("met before step " << step);
    met = stopped_before(
        step, [&] { write(output, k_new, record); },
        [&] {
          const OutputDirectory other(output, false, false, tests::remove_content); // gives up
          return true;
        });
    CHECK(content(output / "pod.yaml") == "new\n");
    CHECK(OutputDirectory(output, false, false, tests::remove_content).kept().empty());
    CHECK(temporaries(output).empty());
  }
  CHECK(step > 20);
}

TEST_CASE("an active run is left alone by another one, and succeeds") {
  const TempDirectory scratch;
  const fs::path output = scratch / "out";
  OutputDirectory first(output, false, false, tests::remove_content);
  first.write(k_old);
  first.write({{generate::k_record_file, record_of(k_old)}});
  CHECK(write(scratch / "other", k_new, record_of(k_new)).empty());
  CHECK(OutputDirectory(output, false, false, tests::remove_content).kept().empty());
  CHECK(fs::exists(first.temporary() / "pod.yaml"));
  first.commit();
  CHECK(content(output / "pod.yaml") == "old\n");
  CHECK(temporaries(output).empty());
}

} // namespace
} // namespace agentbox
