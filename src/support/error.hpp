// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdexcept>
#include <string>
#include <utility>

namespace agentbox::support {

/// The exit codes of agentbox itself. A command that ran keeps its own.
enum class ExitCode : int {
  usage = 2,       ///< bad command line or configuration
  failed = 125,    ///< agentbox itself failed
  refused = 126,   ///< a box, an image or a package was refused: policy, or a host that cannot enforce it
  not_found = 127, ///< the agent, command, conversation or login does not exist
};

/// The error type of the project. main catches it and prints `message`, then `hint`.
class Error : public std::runtime_error {
public:
  /// `message` says what failed and names the file, line, flag or host; `hint`, if not empty, what to do next.
  Error(ExitCode code, const std::string& message, std::string hint = {})
      : std::runtime_error(message), m_code(code), m_hint(std::move(hint)) {}

  ExitCode code() const noexcept { return m_code; }
  const std::string& hint() const noexcept { return m_hint; }

private:
  ExitCode m_code;
  std::string m_hint;
};

/// Returns an Error with `what` and the text of errno value `error_number`: "cannot open /x: Permission denied".
Error system_error(ExitCode code, const std::string& what, int error_number, std::string hint = {});

} // namespace agentbox::support
