// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <sys/types.h>

#include "support/command.hpp"
#include "support/fd.hpp"

namespace agentbox::box {

/// A Podman that runs while we go on. What it says is kept for the error; its end is waited for.
class BackgroundPodman {
public:
  /// Starts `command` with `in` as its stdin. Throws Error(failed) like support::spawn().
  BackgroundPodman(const support::Command& command, const support::Fd& in);
  /// With an empty stdin.
  explicit BackgroundPodman(const support::Command& command);
  BackgroundPodman(const BackgroundPodman&) = delete;
  BackgroundPodman& operator=(const BackgroundPodman&) = delete;
  BackgroundPodman(BackgroundPodman&& other) noexcept;
  BackgroundPodman& operator=(BackgroundPodman&&) = delete;
  ~BackgroundPodman();

  /// Waits for its end and returns what it printed. Throws Podman's reason, "cannot WHAT: …", when it failed.
  std::string finish(const std::string& what);

private:
  support::Fd m_out;
  support::Fd m_err;
  pid_t m_pid = -1;
};

/// A command that has read its input but for the end, which comes when it is let go or this process ends, however that
/// happens (pipe(7)): it does its work even when we are killed.
class StandbyPodman {
public:
  /// Starts `command` with `input` (at most PIPE_BUF bytes) on its stdin. Throws Error(failed).
  StandbyPodman(const support::Command& command, std::string_view input);

  /// Lets it work and waits for its end, as BackgroundPodman::finish().
  void finish(const std::string& what);

private:
  struct Pipe {
    support::Fd out;
    support::Fd in;
  };
  static Pipe make_pipe();
  StandbyPodman(const support::Command& command, std::string_view input, Pipe pipe);

  BackgroundPodman m_process;
  support::Fd m_input; ///< closed before the process is waited for
};

} // namespace agentbox::box
