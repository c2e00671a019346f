// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <filesystem>
#include <string>

namespace agentbox::session {

/// The host's resolv.conf, and what else says which name servers it has.
struct ResolverFiles {
  std::filesystem::path resolv_conf = "/etc/resolv.conf";
  std::filesystem::path systemd = "/run/systemd/resolve/resolv.conf"; ///< what is behind systemd-resolved's stub
};

/// Passes the host's name servers on to a box whose network changed. Podman writes them into the container once, at its
/// start; slirp4netns' forwarder follows the host, pasta's does not (see ARCHITECTURE.md).
class HostResolver {
public:
  /// `to` is written when the host's files are no longer what they are now; the firewall looks there.
  HostResolver(std::filesystem::path to, ResolverFiles files = {});

  /// Looks once a second, however often it is called.
  void look(std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now());

private:
  std::string text() const;

  std::filesystem::path m_to;
  ResolverFiles m_files;
  std::string m_known;
  std::chrono::steady_clock::time_point m_looked;
};

} // namespace agentbox::session
