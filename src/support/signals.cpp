// SPDX-License-Identifier: Apache-2.0
#include "support/signals.hpp"

#include <cerrno>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "support/error.hpp"

namespace agentbox::support {

Signals::Signals() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    sigaddset(&wanted, number);
  }
  pthread_sigmask(SIG_BLOCK, &wanted, &m_old);
  m_fd.reset(signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!m_fd) {
    const int error = errno;
    pthread_sigmask(SIG_SETMASK, &m_old, nullptr);
    throw support::system_error(support::ExitCode::failed, "cannot watch for signals", error);
  }
}

Signals::~Signals() {
  while (next()) { // what came during the teardown has been heeded by it
  }
  pthread_sigmask(SIG_SETMASK, &m_old, nullptr);
}

std::optional<Signal> Signals::next() const {
  signalfd_siginfo info{};
  if (read(m_fd.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) {
    return std::nullopt;
  }
  return Signal{static_cast<int>(info.ssi_signo), info.ssi_code == SI_KERNEL};
}

} // namespace agentbox::support
