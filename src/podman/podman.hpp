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

/// The folders that are searched for the podman program, in order. The one seam for whole-program tests: a test build
/// links another definition of this function. The caller's PATH is never asked.
const std::vector<std::string>& program_folders();

/// The installed Podman: makes commands for it with a constructed environment.
class Podman {
public:
  /// Podman at `program` (absolute), called with what constructed_environment() lets through of `caller`.
  Podman(std::filesystem::path program, std::map<std::string, std::string> caller);

  /// The podman of program_folders() and this process's environment. Throws Error(refused) when there is none.
  static Podman find();

  const std::filesystem::path& program() const noexcept { return m_program; }

  /// `podman ARGS…` as data, with a constructed environment and no descriptors named.
  support::Command command(const std::vector<std::string>& args, Reach reach = Reach::local) const;

  /// Runs `podman ARGS…` and returns its stdout. Throws explain() when it fails, and support::TimedOut with what that
  /// means most of the time: that another Podman holds the lock of the store.
  std::string capture(const std::vector<std::string>& args, support::CaptureLimits limits = {},
                      Reach reach = Reach::local) const;

private:
  std::filesystem::path m_program;
  std::map<std::string, std::string> m_caller;
};

/// One clear error from a failed Podman call: `what` ("create the pod") says what was tried; the reasons that users
/// meet (no subuid range, image missing, registry unreachable, disk full, network program missing, storage of another
/// driver) get the next step as hint, everything else Podman's own last line. Text is escaped for the terminal.
support::Error explain(const std::string& what, const support::Captured& result);

/// Throws Error(refused) with the two ways out when this process runs as root.
void refuse_root();

} // namespace agentbox::podman
