// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "support/error.hpp"
#include "support/fd.hpp"

namespace agentbox::cli {

/// Replaces stdin and stdout while it exists: a box's first process has the launcher's own.
class BoxStreams {
public:
  BoxStreams(int in, int out)
      : m_in(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)), m_out(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)) {
    if (!m_in || !m_out || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0) {
      throw support::system_error(support::ExitCode::failed, "cannot redirect the box's streams", errno);
    }
  }
  BoxStreams(const BoxStreams&) = delete;
  BoxStreams& operator=(const BoxStreams&) = delete;
  ~BoxStreams() {
    dup2(m_in.get(), STDIN_FILENO);
    dup2(m_out.get(), STDOUT_FILENO);
  }

private:
  support::Fd m_in;
  support::Fd m_out;
};

} // namespace agentbox::cli
