// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "support/command.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"

namespace agentbox::image {

/// The reason why a step of a build failed.
struct BuildFailure {
  std::string reason; ///< "the disk is full", or the last lines of the output, escaped
  std::string hint;
};

/// Explains the output of a failed step. Pure; the text comes from a base image and is not trusted.
BuildFailure explain_output(std::string_view output);

/// The output of a build: state_directory()/logs/build-TIME-PID.log, kept when a step failed, otherwise removed.
class BuildLog {
public:
  BuildLog();
  BuildLog(const BuildLog&) = delete;
  BuildLog& operator=(const BuildLog&) = delete;
  ~BuildLog();

  /// Runs `command` in a new session with an empty stdin, and appends the command line and its output to the log. When
  /// it throws Interrupted, the command and the programs in its containers have ended.
  support::ExitStatus try_run(const support::Command& command);
  /// Like try_run(); throws failure(what) when the exit status is not 0.
  void run(const std::string& what, const support::Command& command);
  /// Returns the error for the last command: `what` ("installing the tools"), the reason, the path of the log.
  support::Error failure(const std::string& what);

private:
  std::filesystem::path m_path;
  support::Fd m_fd;
  off_t m_last_start = 0; ///< where the last command's output begins
  bool m_keep = false;
};

} // namespace agentbox::image
