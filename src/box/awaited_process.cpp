// SPDX-License-Identifier: Apache-2.0
#include "box/awaited_process.hpp"

#include <utility>

#include "support/pidfd.hpp"

namespace agentbox::box {

AwaitedProcess::AwaitedProcess(std::optional<std::filesystem::path> file, std::string_view comm)
    : m_file(std::move(file)), m_comm(comm) {
  find();
}

void AwaitedProcess::find() {
  if (!m_file) {
    return;
  }
  if (const auto pid = support::read_pid(*m_file)) {
    m_process = support::open_process(*pid, m_comm);
    m_gone = !m_process;
    m_file.reset();
  }
}

bool AwaitedProcess::ended() const {
  return m_gone || (m_process && support::has_ended(m_process));
}

void AwaitedProcess::send(int signal) const {
  if (m_process) {
    support::send_signal(m_process, signal);
  }
}

} // namespace agentbox::box
