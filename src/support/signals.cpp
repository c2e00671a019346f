// SPDX-License-Identifier: Apache-2.0
#include "support/signals.hpp"

#include <algorithm>
#include <cerrno>
#include <pthread.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <vector>

namespace agentbox::support {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds k_clean_up_time{10};

struct State {
  Fd fd; ///< open while there is a Signals
  sigset_t old_mask{};
  std::optional<int> interrupted_by;
  Clock::time_point interrupted_at;
  int cleaning_up = 0;
  int passed_on = 0;
};

State& state() {
  static State the_one;
  return the_one;
}

/// Takes the pending signals, and returns the time at which waits are to end because of them.
std::optional<Deadline> interrupted_from() {
  State& now = state();
  signalfd_siginfo info{};
  if (now.fd && now.passed_on == 0 && !now.interrupted_by &&
      read(now.fd.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    now.interrupted_by = static_cast<int>(info.ssi_signo);
    now.interrupted_at = Clock::now();
  }
  if (!now.interrupted_by || now.passed_on > 0) {
    return std::nullopt;
  }
  return now.interrupted_at + (now.cleaning_up > 0 ? Clock::duration(k_clean_up_time) : Clock::duration(0));
}

int poll_timeout(std::optional<Deadline> deadline) {
  if (!deadline) {
    return -1;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1 << 30));
}

} // namespace

Interrupted::Interrupted(int signal)
    : Error(static_cast<ExitCode>(128 + signal), std::string("interrupted by SIG") + sigabbrev_np(signal)) {}

Signals::Signals() : m_nested(static_cast<bool>(state().fd)) {
  if (m_nested) {
    return;
  }
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    sigaddset(&wanted, number);
  }
  pthread_sigmask(SIG_BLOCK, &wanted, &state().old_mask);
  state().fd.reset(signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!state().fd) {
    const int error = errno;
    pthread_sigmask(SIG_SETMASK, &state().old_mask, nullptr);
    throw system_error(ExitCode::failed, "cannot watch for signals", error);
  }
}

Signals::~Signals() {
  if (!m_nested) {
    state().fd.reset();
    state().interrupted_by.reset();
    pthread_sigmask(SIG_SETMASK, &state().old_mask, nullptr);
  }
}

int Signals::fd() const noexcept {
  return state().fd.get();
}

std::optional<Signal> Signals::next() const noexcept {
  signalfd_siginfo info{};
  if (read(state().fd.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) {
    return std::nullopt;
  }
  return Signal{static_cast<int>(info.ssi_signo), info.ssi_code == SI_KERNEL};
}

void Signals::interrupt(int signal) const noexcept {
  if (!state().interrupted_by) {
    state().interrupted_by = signal;
    state().interrupted_at = Clock::now();
  }
}

CleanUp::CleanUp() noexcept {
  ++state().cleaning_up;
}

CleanUp::~CleanUp() {
  --state().cleaning_up;
}

SignalsPassedOn::SignalsPassedOn() noexcept {
  ++state().passed_on;
}

SignalsPassedOn::~SignalsPassedOn() {
  --state().passed_on;
}

void throw_if_interrupted() {
  if (const auto from = interrupted_from(); from && Clock::now() >= *from) {
    throw Interrupted(*state().interrupted_by);
  }
}

bool poll_until(std::span<pollfd> watched, std::optional<Deadline> deadline) {
  std::vector<pollfd> all(watched.begin(), watched.end());
  all.push_back({-1, POLLIN, 0});
  while (true) {
    const auto interrupted = interrupted_from();
    all.back().fd = interrupted || state().passed_on > 0 ? -1 : state().fd.get(); // one signal is enough
    const auto until = interrupted && (!deadline || *interrupted < *deadline) ? interrupted : deadline;
    const int ready = poll(all.data(), all.size(), poll_timeout(until));
    if (ready < 0 && errno != EINTR) {
      throw system_error(ExitCode::failed, "cannot wait", errno);
    }
    std::copy(all.begin(), all.end() - 1, watched.begin());
    if (std::any_of(watched.begin(), watched.end(), [](const pollfd& one) { return one.revents != 0; })) {
      return true;
    }
    throw_if_interrupted();
    if (deadline && Clock::now() >= *deadline) {
      return false;
    }
  }
}

void sleep_for(std::chrono::milliseconds time) {
  poll_until({}, Clock::now() + time);
}

void lock_exclusively(const Fd& fd, const std::string& what) {
  constexpr std::chrono::milliseconds k_max_pause{50};
  std::chrono::milliseconds pause{1};
  while (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) { // one that waits could not be interrupted without a handler
    if (errno != EWOULDBLOCK && errno != EINTR) {
      throw system_error(ExitCode::failed, "cannot lock " + what, errno);
    }
    sleep_for(pause);
    pause = std::min(pause * 2, k_max_pause);
  }
}

} // namespace agentbox::support
