// SPDX-License-Identifier: Apache-2.0
#include "support/standard_streams.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

#include "support/error.hpp"

namespace agentbox::support {

void open_missing_streams() noexcept {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) < 0) {
      open("/dev/null", O_RDWR); // takes the lowest free number, which is `fd`; without CLOEXEC: children inherit it
    }
  }
}

void flush_stdout() {
  errno = 0;
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    const std::string what = "cannot write to standard output"; // an earlier write's reason is lost
    throw errno != 0 ? system_error(ExitCode::failed, what, errno) : Error(ExitCode::failed, what);
  }
}

} // namespace agentbox::support
