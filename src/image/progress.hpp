// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <string>

namespace agentbox::image {

/// What a build tells the user: on a terminal one line a step with the time it took, elsewhere nothing. Goes to stderr.
/// Used from one thread.
class Progress {
public:
  Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  Progress(Progress&&) = delete;
  Progress& operator=(Progress&&) = delete;
  ~Progress(); ///< ends an open line

  /// Ends the step before and starts `what` ("installing the tools").
  void step(const std::string& what);
  /// Ends the step with its time.
  void done();
  /// One line that is always said, terminal or not.
  void note(const std::string& line);

private:
  bool m_terminal;
  bool m_open = false;
  std::chrono::steady_clock::time_point m_start;
};

} // namespace agentbox::image
