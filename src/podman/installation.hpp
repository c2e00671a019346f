// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>

namespace agentbox::podman {

/// The directories in which agentbox's own programs and data are installed. A build tree has the layout of an installed
/// prefix (bin/, libexec/agentbox/, share/agentbox/), so one rule finds both.
struct Installation {
  std::filesystem::path program; ///< agentbox itself
  std::filesystem::path libexec; ///< …/libexec/agentbox
  std::filesystem::path share;   ///< …/share/agentbox: containerfiles/, seccomp/

  std::filesystem::path hook() const { return libexec / "agentbox-hook"; }
  std::filesystem::path firewall() const { return libexec / "agentbox-firewall"; }
  std::filesystem::path entrypoint() const { return libexec / "agent-entrypoint"; }
};

/// Returns the installation that PREFIX/bin/PROGRAM belongs to. Throws Error(failed), naming all that is missing.
Installation installation_of(const std::filesystem::path& program);

/// Returns installation_of(/proc/self/exe). No environment variable and no path of the build changes that.
Installation find_installation();

} // namespace agentbox::podman
