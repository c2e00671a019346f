// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/stdin_program.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "entrypoint/entrypoint_message.hpp"
#include "entrypoint/file_rules.hpp"

namespace agentbox::entrypoint {
namespace {

constexpr unsigned k_executable = 0x10; // MFD_EXEC (Linux 6.3)
constexpr std::size_t k_max_bytes = 16U << 20U;

[[noreturn]] void fail(std::string_view what) {
  die(k_refused, {"refused: ", what, ": ", error_text(errno)});
}

/// Returns a new file without a name in the home directory; -1 where that is not possible.
int file_at_home() {
  const char* const home = std::getenv("HOME");
  return home == nullptr ? -1 : open(home, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

int file_in_memory() {
  const char* const name = "agentbox-probe";
  int fd = memfd_create(name, MFD_CLOEXEC | k_executable);
  if (fd < 0 && errno == EINVAL) { // older kernels, where every memfd can be executed
    fd = memfd_create(name, MFD_CLOEXEC);
  }
  if (fd < 0) {
    fail("cannot create a file for the program");
  }
  return fd;
}

void write_all(int fd, const char* bytes, std::size_t length) {
  while (length > 0) {
    const ssize_t count = write(fd, bytes, length);
    if (count < 0 && errno != EINTR) {
      fail("cannot write the program to its file");
    }
    bytes += count > 0 ? count : 0;
    length -= count > 0 ? static_cast<std::size_t>(count) : 0;
  }
}

void copy_stdin(int fd) {
  std::array<char, 65536> buffer{};
  std::size_t total = 0;
  while (true) {
    const ssize_t count = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      fail("cannot read the program from stdin");
    }
    if (count == 0) {
      break;
    }
    total += static_cast<std::size_t>(count);
    if (total > k_max_bytes) {
      die(k_refused, {"refused: the program on stdin is too large"});
    }
    write_all(fd, buffer.data(), static_cast<std::size_t>(count));
  }
}

} // namespace

void run_program_from_stdin(char** argv) {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const int at_home = file_at_home();
  int fd = at_home >= 0 ? at_home : file_in_memory();
  copy_stdin(fd);
  constexpr mode_t k_execute_only = 0111;
  if (fchmod(fd, k_execute_only) != 0) {
    fail("cannot make the program executable");
  }
  if (at_home >= 0) { // the kernel executes no file that is open for writing (ETXTBSY)
    const std::string name = "/proc/self/fd/" + std::to_string(at_home);
    fd = open(name.c_str(), O_PATH | O_CLOEXEC);
    if (fd < 0) {
      fail("cannot reopen the program");
    }
    close(at_home);
  }
  restrict_files(Domain::agent);
  std::array<char*, 1> environment{};
  syscall(SYS_execveat, fd, "", argv, environment.data(), AT_EMPTY_PATH);
  fail("cannot run the program");
}

} // namespace agentbox::entrypoint
