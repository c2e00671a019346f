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
    throw system_error(ExitCode::failed, "cannot write to standard output", errno != 0 ? errno : EIO);
  }
}

} // namespace agentbox::support
