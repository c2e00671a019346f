// SPDX-License-Identifier: Apache-2.0
#include "box/leash.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>

#include "support/error.hpp"
#include "support/fifo.hpp"

namespace agentbox::box {

Leash::Leash(const std::filesystem::path& fifo) {
  support::make_fifo(fifo);
  m_fifo.reset(open(fifo.c_str(), O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)); // O_WRONLY would need a reader
  std::array<int, 2> ends{-1, -1};
  if (!m_fifo || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw support::system_error(support::ExitCode::failed, "cannot create the launcher's FIFO " + fifo.string(), errno);
  }
  m_own_end.reset(ends[0]);
  m_box_end.reset(ends[1]);
  if (shutdown(m_box_end.get(), SHUT_WR) != 0) {
    throw support::system_error(support::ExitCode::failed, "cannot create the launcher's socket", errno);
  }
}

} // namespace agentbox::box
