// SPDX-License-Identifier: Apache-2.0
#include "box/host_resolver.hpp"

#include <cstddef>
#include <string_view>
#include <utility>

#include "protocol/protocol.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/lines.hpp"
#include "support/resolv_conf.hpp"

namespace agentbox::box {
namespace {

constexpr std::size_t k_max_resolv_conf = std::size_t{1} << 15U; // the firewall reads twice as much
constexpr const char* k_stub = "127.0.0.53";                     // systemd-resolved's

std::string_view first_server(std::string_view text) {
  for (const std::string_view line : support::lines(text)) {
    if (const auto server = support::name_server_of(line); !server.empty()) {
      return server;
    }
  }
  return {};
}

} // namespace

LoopbackResolver loopback_resolver(const podman::PodmanInfo& facts) {
  return facts.network_program != "pasta" ? LoopbackResolver::forwarded
         : facts.maps_loopback            ? LoopbackResolver::mapped
                                          : LoopbackResolver::fixed;
}

HostResolver::HostResolver(std::filesystem::path to, LoopbackResolver loopback, ResolverFiles files)
    : m_to(std::move(to)), m_loopback(loopback), m_files(std::move(files)),
      m_checked(std::chrono::steady_clock::now()) {
  const std::string host = read();
  m_stub_at_start = first_server(host) == k_stub;
  m_known = passed_on(host);
}

/// Returns an empty string when the file cannot be read: a program may be replacing it.
std::string HostResolver::read() const {
  try {
    std::string text = support::read_file_if_exists(m_files.resolv_conf, k_max_resolv_conf).value_or("");
    if (text.find(k_stub) != std::string::npos) {
      text += "\n" + support::read_file_if_exists(m_files.systemd, k_max_resolv_conf).value_or("");
    }
    return text;
  } catch (const support::Error&) {
    return {};
  }
}

// In the firewall, pasta's forwarder replaces a server on loopback. It asks the server that was first at the start:
// when that was not the stub, the servers behind the stub are named instead.
std::string HostResolver::passed_on(const std::string& host) const {
  std::string text = "# the host's name servers\n";
  if (m_loopback == LoopbackResolver::forwarded) {
    return text + host;
  }
  for (const std::string_view line : support::lines(host)) {
    const auto server = support::name_server_of(line);
    if (server == "127.0.0.1" && m_loopback == LoopbackResolver::mapped) {
      text += std::string("nameserver ") + protocol::k_mapped_loopback + "\n";
    } else if (server != k_stub || m_stub_at_start) { // else the servers behind it follow
      text += std::string(line) + "\n";
    }
  }
  return text;
}

void HostResolver::refresh(std::chrono::steady_clock::time_point now) {
  if (now - m_checked < std::chrono::seconds(1)) {
    return;
  }
  m_checked = now;
  const std::string host = read();
  std::string text = passed_on(host);
  if (host.empty() || text == m_known) {
    return;
  }
  try {
    support::write_file(m_to, text);
    m_known = std::move(text);
  } catch (const support::Error&) { // the session is being removed, or the disk is full: tried again next time
    return;
  }
}

} // namespace agentbox::box
