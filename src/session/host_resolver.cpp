// SPDX-License-Identifier: Apache-2.0
#include "session/host_resolver.hpp"

#include <cstddef>
#include <utility>

#include "support/error.hpp"
#include "support/file.hpp"

namespace agentbox::session {

HostResolver::HostResolver(std::filesystem::path to, ResolverFiles files)
    : m_to(std::move(to)), m_files(std::move(files)), m_known(text()), m_looked(std::chrono::steady_clock::now()) {}

/// Empty while it cannot be read: programs that replace the file may leave a moment without one.
std::string HostResolver::text() const {
  constexpr std::size_t k_longest = std::size_t{1} << 15U; // the firewall reads twice as much
  try {
    std::string text = support::read_file_if_exists(m_files.resolv_conf, k_longest).value_or("");
    if (text.find("127.0.0.53") != std::string::npos) {
      text += "\n" + support::read_file_if_exists(m_files.systemd, k_longest).value_or("");
    }
    return text;
  } catch (const support::Error&) {
    return {};
  }
}

void HostResolver::look(std::chrono::steady_clock::time_point now) {
  if (now - m_looked < std::chrono::seconds(1)) {
    return;
  }
  m_looked = now;
  std::string text = this->text();
  if (text.empty() || text == m_known) {
    return;
  }
  try {
    support::write_file(m_to, text);
    m_known = std::move(text);
  } catch (const support::Error&) { // the session is being taken down, or the disk is full: the next look tries again
    return;
  }
}

} // namespace agentbox::session
