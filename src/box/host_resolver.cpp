// SPDX-License-Identifier: Apache-2.0
#include "box/host_resolver.hpp"

#include <cstddef>
#include <sstream>
#include <string_view>
#include <utility>

#include "support/error.hpp"
#include "support/file.hpp"

namespace agentbox::box {
namespace {

constexpr std::size_t k_max_resolv_conf = std::size_t{1} << 15U; // the firewall reads twice as much
constexpr const char* k_stub = "127.0.0.53";         // systemd-resolved's

/// The address of a line "nameserver ADDRESS"; empty for any other line.
std::string server_of(const std::string& line) {
  std::istringstream words(line);
  std::string keyword;
  std::string address;
  words >> keyword >> address;
  return keyword == "nameserver" ? address : "";
}

std::string first_server(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (std::string server = server_of(line); !server.empty()) {
      return server;
    }
  }
  return {};
}

} // namespace

HostResolver::HostResolver(std::filesystem::path to, LoopbackResolver loopback, ResolverFiles files)
    : m_to(std::move(to)), m_loopback(loopback), m_files(std::move(files)), m_looked(std::chrono::steady_clock::now()) {
  const std::string host = read();
  m_stub_at_start = first_server(host) == k_stub;
  m_known = passed_on(host);
}

/// Empty while it cannot be read: programs that replace the file may leave a moment without one.
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

/// In the firewall, pasta's forwarder stands in the place of a server on loopback. It asks the first server of the
/// start: where that is another one by now, the servers themselves are named.
std::string HostResolver::passed_on(const std::string& host) const {
  std::string text = "# the host's name servers\n";
  if (m_loopback == LoopbackResolver::forwarded) {
    return text + host;
  }
  std::istringstream lines(host);
  for (std::string line; std::getline(lines, line);) {
    const std::string server = server_of(line);
    if (server == "127.0.0.1" && m_loopback == LoopbackResolver::mapped) {
      line = std::string("nameserver ") + k_mapped_loopback;
    } else if (server == k_stub && !m_stub_at_start) {
      continue; // what is behind it follows
    }
    text += line + "\n";
  }
  return text;
}

void HostResolver::look(std::chrono::steady_clock::time_point now) {
  if (now - m_looked < std::chrono::seconds(1)) {
    return;
  }
  m_looked = now;
  const std::string host = read();
  std::string text = passed_on(host);
  if (host.empty() || text == m_known) {
    return;
  }
  try {
    support::write_file(m_to, text);
    m_known = std::move(text);
  } catch (const support::Error&) { // the session is being taken down, or the disk is full: the next look tries again
    return;
  }
}

} // namespace agentbox::box
