// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/stdin_program.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
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

int anonymous_file() {
  const char* const name = "agentbox-probe";
  int fd = memfd_create(name, MFD_CLOEXEC | k_executable);
  if (fd < 0 && errno == EINVAL) { // older kernels, where every memfd can be executed
    fd = memfd_create(name, MFD_CLOEXEC);
  }
  if (fd < 0) {
    fail("cannot create a file in memory");
  }
  return fd;
}

void write_all(int fd, const char* bytes, std::size_t length) {
  while (length > 0) {
    const ssize_t count = write(fd, bytes, length);
    if (count < 0 && errno != EINTR) {
      fail("cannot write the program to memory");
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
  const int fd = anonymous_file();
  copy_stdin(fd);
  constexpr mode_t k_execute_only = 0111;
  if (fchmod(fd, k_execute_only) != 0) {
    fail("cannot make the program executable");
  }
  restrict_files(Domain::agent);
  std::array<char*, 1> environment{};
  syscall(SYS_execveat, fd, "", argv, environment.data(), AT_EMPTY_PATH);
  fail("cannot run the program from memory");
}

} // namespace agentbox::entrypoint
