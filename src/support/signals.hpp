// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <csignal>
#include <optional>

#include "support/fd.hpp"

namespace agentbox::support {

/// A signal that reached this process.
struct Signal {
  int number = 0;
  /// The kernel sent it for a key or a closed terminal: to the whole foreground group, our children included.
  bool from_terminal = false;
};

/// SIGINT, SIGTERM, SIGHUP and SIGQUIT as a descriptor to poll, instead of death, from construction to the end.
class Signals {
public:
  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  Signals(Signals&&) = delete;
  Signals& operator=(Signals&&) = delete;
  ~Signals();

  int fd() const noexcept { return m_fd.get(); }
  /// The next signal that waits, or nothing. Does not block.
  std::optional<Signal> next() const;

private:
  sigset_t m_old{};
  support::Fd m_fd;
};

} // namespace agentbox::support
