// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>

namespace agentbox::podman {

/// Where agentbox's own programs and data lie. A build tree is laid out like an installed prefix (bin/,
/// libexec/agentbox/, share/agentbox/), so that one rule finds both.
struct Installation {
  std::filesystem::path program; ///< agentbox itself
  std::filesystem::path libexec; ///< …/libexec/agentbox
  std::filesystem::path share;   ///< …/share/agentbox: containerfiles/, seccomp/

  std::filesystem::path hook() const { return libexec / "agentbox-hook"; }
  std::filesystem::path firewall() const { return libexec / "agentbox-firewall"; }
  std::filesystem::path entrypoint() const { return libexec / "agent-entrypoint"; }
};

/// Looks relative to /proc/self/exe (<dir>/../libexec/agentbox and <dir>/../share/agentbox), then in the build tree
/// that this program was made in (AGENTBOX_BUILD_LIBEXEC, AGENTBOX_BUILD_SHARE; for test programs, which lie
/// elsewhere). No environment variable steers this. Throws Error(failed) when a folder is missing.
Installation find_installation();

} // namespace agentbox::podman
