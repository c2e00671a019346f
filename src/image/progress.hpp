// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <string>

namespace agentbox::image {

/// The progress of a build on stderr: on a terminal a line per step with its time, elsewhere only notes. For one
/// thread.
class Progress {
public:
  Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress(); ///< ends an open line

  /// Ends the previous step and starts `what` ("installing the tools").
  void step(const std::string& what);
  /// Ends the step and prints its time.
  void done();
  /// Prints one line, terminal or not.
  void note(const std::string& line);

private:
  bool m_terminal;
  bool m_open = false;
  std::chrono::steady_clock::time_point m_start;
};

} // namespace agentbox::image
