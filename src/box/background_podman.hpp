// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <sys/types.h>

#include "support/command.hpp"
#include "support/fd.hpp"

namespace agentbox::box {

/// A background Podman process. Output is captured for errors; the destructor waits.
class BackgroundPodman {
public:
  /// Starts `command` with `in` as its stdin. Throws Error(failed) like support::spawn().
  BackgroundPodman(const support::Command& command, const support::Fd& in);
  /// Starts Podman with an empty stdin.
  explicit BackgroundPodman(const support::Command& command);
  BackgroundPodman(const BackgroundPodman&) = delete;
  BackgroundPodman& operator=(const BackgroundPodman&) = delete;
  BackgroundPodman(BackgroundPodman&& other) noexcept;
  ~BackgroundPodman();

  /// Waits until it ends and returns its stdout. Throws "cannot WHAT: Podman's reason" when it failed, and Interrupted.
  std::string finish(const std::string& what);

private:
  support::Fd m_out;
  support::Fd m_err;
  pid_t m_pid = -1;
};

/// A Podman that reads its input, and does its work when the input ends. The input ends with finish(), or when this
/// process dies, even by SIGKILL.
class StandbyPodman {
public:
  /// Starts `command` with `input` (at most PIPE_BUF bytes) on its stdin. Throws Error(failed).
  StandbyPodman(const support::Command& command, std::string_view input);

  /// Ends the input, then acts like BackgroundPodman::finish().
  void finish(const std::string& what);

private:
  StandbyPodman(const support::Command& command, std::string_view input, support::Pipe pipe);

  BackgroundPodman m_process;
  support::Fd m_input; ///< last, so that it is closed before the process is waited for
};

} // namespace agentbox::box
