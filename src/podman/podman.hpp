// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "podman/podman_environment.hpp"
#include "support/command.hpp"
#include "support/error.hpp"

namespace agentbox::podman {

/// Returns the directories that are searched for podman, in order; never the caller's PATH. A test of the whole program
/// links its own definition.
const std::vector<std::string>& program_directories();

/// The installed Podman. Its commands get a constructed environment.
class Podman {
public:
  /// Takes an absolute `program`, and in `caller` the environment that constructed_environment() selects from.
  Podman(std::filesystem::path program, std::map<std::string, std::string> caller);

  /// Returns the podman of program_directories(), with this process's environment. Throws Error(refused) when there is
  /// none.
  static Podman find();

  const std::filesystem::path& program() const noexcept { return m_program; }

  /// Returns the command `podman ARGS…`.
  support::Command command(const std::vector<std::string>& args, Reach reach = Reach::local) const;

  /// Runs `podman ARGS…` and returns its stdout. Throws explain() when it fails, and support::TimedOut, usually because
  /// another Podman holds the lock of the store.
  std::string capture(const std::vector<std::string>& args, support::CaptureLimits limits = {},
                      Reach reach = Reach::local) const;

private:
  std::filesystem::path m_program;
  std::map<std::string, std::string> m_caller;
};

/// Returns the error for a failed Podman call: `what` ("create the pod"), and for the usual causes (no subuid range,
/// image missing, registry unreachable, disk full, network program missing, storage of another driver) the cause and
/// the next step, else the last line of Podman's output. Text is escaped for the terminal.
support::Error explain(const std::string& what, const support::Captured& result);

/// Throws Error(refused) when this process runs as root.
void refuse_root();

} // namespace agentbox::podman
