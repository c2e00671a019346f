// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "support/command.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"

namespace agentbox::image {

/// Why a step of a build failed, from what it printed: what to tell the user, and the next step. Pure; the text comes
/// from a base image and is not trusted.
struct Failure {
  std::string reason; ///< "the disk is full", or the last lines of the output, escaped
  std::string hint;
};
Failure explain_output(std::string_view output);

/// The full output of a build: state_folder()/logs/build-TIME-PID.log, kept when a step failed, otherwise removed.
class BuildLog {
public:
  BuildLog();
  BuildLog(const BuildLog&) = delete;
  BuildLog& operator=(const BuildLog&) = delete;
  BuildLog(BuildLog&&) = delete;
  BuildLog& operator=(BuildLog&&) = delete;
  ~BuildLog();

  /// Runs `command` with an empty stdin and both outputs in the log, the command line first.
  support::ExitStatus try_run(const support::Command& command);
  /// The same; throws failure(what) when it does not exit with 0.
  void run(const std::string& what, const support::Command& command);
  /// The error for the command that ran last: `what` ("installing the tools"), the reason, the log's path.
  support::Error failure(const std::string& what);

private:
  std::filesystem::path m_path;
  support::Fd m_fd;
  off_t m_last_start = 0; ///< where the last command's output begins
  bool m_keep = false;
};

} // namespace agentbox::image
