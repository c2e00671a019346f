// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <csignal>
#include <optional>
#include <poll.h>
#include <span>

#include "support/error.hpp"
#include "support/fd.hpp"

namespace agentbox::support {

/// A signal that reached this process.
struct Signal {
  int number = 0;
  /// Sent by the kernel because of a key or a closed terminal: the whole foreground process group got it, our children
  /// included.
  bool from_terminal = false;
};

/// Thrown by waits when a signal asked this process to end. Its exit code is 128 + signal. main prints nothing for it.
class Interrupted : public Error {
public:
  explicit Interrupted(int signal);
  int signal() const noexcept { return static_cast<int>(code()) - 128; }
};

/// While an object exists, SIGINT, SIGTERM, SIGHUP and SIGQUIT do not kill this process. Instead every wait of this
/// library (spawn(), wait(), capture(), ends_within(), lock_exclusively(), write_to_fifo(), sleep_for()) throws
/// Interrupted, immediately and from then on, so that code that made something can remove it. Without one, the signals
/// kill as usual: code that leaves nothing behind needs none. A signal that was not taken kills the process when the
/// last object ends.
///
/// Nested objects share the state of the first. This is the only process-wide state of the program; only the thread
/// that made the first one may use it.
class Signals {
public:
  /// Throws Error(failed).
  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals();

  /// Returns a signalfd(2) to poll.
  int fd() const noexcept;
  /// Takes the next pending signal without waiting. For a holder of SignalsPassedOn.
  std::optional<Signal> next() const noexcept;
  /// Makes every wait throw Interrupted as if `signal` had just arrived.
  void interrupt(int signal) const noexcept;

private:
  bool m_nested;
};

/// While an object exists, a signal ends a wait only after 10 s, so that cleaning up can finish.
class CleanUp {
public:
  CleanUp() noexcept;
  CleanUp(const CleanUp&) = delete;
  CleanUp& operator=(const CleanUp&) = delete;
  ~CleanUp();
};

/// While an object exists, signals end no wait: its owner takes them with Signals::next() and passes them to a child.
class SignalsPassedOn {
public:
  SignalsPassedOn() noexcept;
  SignalsPassedOn(const SignalsPassedOn&) = delete;
  SignalsPassedOn& operator=(const SignalsPassedOn&) = delete;
  ~SignalsPassedOn();
};

/// Throws Interrupted when a signal has arrived. For loops that never wait long, such as a transfer's progress.
void throw_if_interrupted();

using Deadline = std::chrono::steady_clock::time_point;

/// Calls poll(2) until one of `watched` is ready (true) or `deadline` has passed (false). Throws Interrupted,
/// Error(failed).
bool poll_until(std::span<pollfd> watched, std::optional<Deadline> deadline = std::nullopt);

/// Sleeps for `time`. Throws Interrupted.
void sleep_for(std::chrono::milliseconds time);

/// Calls flock(2) LOCK_EX on the open file `fd`; `what` names it in the error. Throws Interrupted, Error(failed).
void lock_exclusively(const Fd& fd, const std::string& what);

} // namespace agentbox::support
