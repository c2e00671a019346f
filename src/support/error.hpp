// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdexcept>
#include <string>
#include <utility>

namespace agentbox::support {

/// Exit codes of the command line contract. A command that ran keeps its own code; these are agentbox's.
enum class ExitCode : int {
  usage = 2,       ///< bad command line or configuration
  failed = 125,    ///< agentbox itself failed
  refused = 126,   ///< the box was refused: policy, or a host that cannot enforce it
  not_found = 127, ///< the agent or command does not exist
};

/// The one error of the project. Thrown anywhere, caught once in main, which prints `message`, then `hint`.
class Error : public std::runtime_error {
public:
  /// `message` says what is wrong and names the file, line, flag or host; `hint` (may be empty) is the next step.
  Error(ExitCode code, const std::string& message, std::string hint = {})
      : std::runtime_error(message), m_code(code), m_hint(std::move(hint)) {}

  ExitCode code() const noexcept { return m_code; }
  const std::string& hint() const noexcept { return m_hint; }

private:
  ExitCode m_code;
  std::string m_hint;
};

/// An Error with `what` and the text of errno value `error_number`: "cannot open /x: Permission denied".
Error system_error(ExitCode code, const std::string& what, int error_number, std::string hint = {});

} // namespace agentbox::support
