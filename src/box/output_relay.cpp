// SPDX-License-Identifier: Apache-2.0
#include "box/output_relay.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <utility>

#include "support/error.hpp"
#include "support/ignore_sigpipe.hpp"
#include "support/signals.hpp"

namespace agentbox::box {

OutputRelay::OutputRelay(support::Command& command, int output) : m_output(output) {
  struct stat out {};
  struct stat err {};
  if (fstat(output, &out) != 0 || !S_ISFIFO(out.st_mode)) {
    return;
  }
  support::Pipe pipe = support::make_pipe();
  m_read_end = std::move(pipe.read_end);
  m_write_end = std::move(pipe.write_end);
  command.fds[1] = m_write_end.get();
  if (fstat(2, &err) == 0 && err.st_dev == out.st_dev && err.st_ino == out.st_ino) { // `2>&1`: keeps their order
    command.fds[2] = m_write_end.get();
  }
}

pollfd OutputRelay::awaited() const noexcept {
  return m_output_full ? pollfd{m_output, POLLOUT, 0} : pollfd{m_read_end.get(), POLLIN, 0};
}

bool OutputRelay::move() {
  constexpr std::size_t k_max_bytes = 1U << 20U;
  const support::IgnoreSigpipe ignore;
  m_output_full = false;
  while (true) {
    pollfd input{m_read_end.get(), POLLIN, 0};
    if (poll(&input, 1, 0) <= 0) {
      return true;
    }
    if ((input.revents & POLLIN) == 0) { // the end: a missing reader no longer matters
      m_read_end.reset();
      return true;
    }
    if (splice(input.fd, nullptr, m_output, nullptr, k_max_bytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK) >= 0) {
      continue;
    }
    switch (errno) {
    case EINTR: break;
    case EPIPE: return false;
    case EAGAIN: m_output_full = true; return true;
    default: throw support::system_error(support::ExitCode::failed, "cannot write to standard output", errno);
    }
  }
}

bool OutputRelay::drain() {
  bool has_reader = move();
  while (has_reader && m_output_full) {
    std::array<pollfd, 1> watched{awaited()};
    support::poll_until(watched);
    has_reader = move();
  }
  return has_reader;
}

} // namespace agentbox::box
