// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <filesystem>
#include <string>

#include "podman/podman_info.hpp"

namespace agentbox::box {

/// The files that name the host's name servers.
struct ResolverFiles {
  std::filesystem::path resolv_conf = "/etc/resolv.conf";
  std::filesystem::path systemd = "/run/systemd/resolve/resolv.conf"; ///< the servers behind systemd-resolved's stub
};

/// The way in which the box reaches a resolver on the host's loopback (measured, see docs/broadening/host-resolver.md).
enum class LoopbackResolver {
  forwarded, ///< slirp4netns: its forwarder follows the host's resolv.conf
  mapped, ///< pasta: its forwarder keeps to the server that was first at the start; protocol::k_mapped_loopback is the
          ///< host's 127.0.0.1
  fixed,  ///< a pasta that cannot map: the forwarder alone
};

LoopbackResolver loopback_resolver(const podman::PodmanInfo& facts);

/// Passes the host's name servers to a box: at the start, because Podman writes public ones where it finds none that a
/// container can reach; and whenever they change, because Podman writes them only once.
class HostResolver {
public:
  /// Writes to `to`, the file that the firewall reads.
  HostResolver(std::filesystem::path to, LoopbackResolver loopback, ResolverFiles files = {});

  /// Returns the file's content for the start. Never empty.
  const std::string& at_start() const noexcept { return m_known; }

  /// Rewrites the file when the host's name servers have changed. Checks once a second, however often it is called.
  void refresh(std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now());

private:
  std::string read() const;
  std::string passed_on(const std::string& host) const;

  std::filesystem::path m_to;
  LoopbackResolver m_loopback;
  ResolverFiles m_files;
  bool m_stub_at_start = false;
  std::string m_known;
  std::chrono::steady_clock::time_point m_checked;
};

} // namespace agentbox::box
