// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <filesystem>
#include <string>

namespace agentbox::box {

/// The host's resolv.conf, and what else says which name servers it has.
struct ResolverFiles {
  std::filesystem::path resolv_conf = "/etc/resolv.conf";
  std::filesystem::path systemd = "/run/systemd/resolve/resolv.conf"; ///< what is behind systemd-resolved's stub
};

/// How a resolver on the host's loopback is asked from the box (measured, see docs/broadening/host-resolver.md).
enum class LoopbackResolver {
  forwarded, ///< slirp4netns: its forwarder asks the host's servers of the moment
  mapped,    ///< pasta: its forwarder asks the first one of the start; k_mapped_loopback is the host's 127.0.0.1
  fixed,     ///< a pasta that cannot map: the forwarder alone
};

/// What pasta makes the host's 127.0.0.1 of. Only the firewall's sockets can be sent there, and its proxy refuses
/// link-local addresses.
inline constexpr const char* k_mapped_loopback = "169.254.1.3";

/// Tells a box the host's name servers: from the start on, for where Podman finds none that a container can ask it
/// writes public ones, and whenever they change, for Podman writes them once.
class HostResolver {
public:
  /// `to` is where the firewall looks.
  HostResolver(std::filesystem::path to, LoopbackResolver loopback, ResolverFiles files = {});

  /// What is to be in that file when the firewall starts. Never empty.
  const std::string& at_start() const noexcept { return m_known; }

  /// Writes the file anew when the host's are no longer what they were. Looks once a second, however often it is
  /// called.
  void look(std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now());

private:
  std::string read() const;
  std::string passed_on(const std::string& host) const;

  std::filesystem::path m_to;
  LoopbackResolver m_loopback;
  ResolverFiles m_files;
  bool m_stub_at_start = false;
  std::string m_known;
  std::chrono::steady_clock::time_point m_looked;
};

} // namespace agentbox::box
