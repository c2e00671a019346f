// SPDX-License-Identifier: Apache-2.0
#include "box/awaited_process.hpp"

#include <cerrno>
#include <string>
#include <utility>

#include "support/error.hpp"
#include "support/pidfd.hpp"

namespace agentbox::box {

AwaitedProcess::AwaitedProcess(std::optional<std::filesystem::path> file) : m_file(std::move(file)) {
  find();
}

void AwaitedProcess::find() {
  if (!m_file) {
    return;
  }
  if (const auto pid = support::read_pid(*m_file)) {
    m_process = support::open_pidfd(*pid);
    m_gone = !m_process;
    if (m_gone && errno != ESRCH) {
      throw support::system_error(support::ExitCode::failed, "cannot watch process " + std::to_string(*pid), errno);
    }
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
