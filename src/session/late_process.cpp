// SPDX-License-Identifier: Apache-2.0
#include "session/late_process.hpp"

#include <charconv>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include "support/file.hpp"

namespace agentbox::session {

std::optional<pid_t> pid_in(const std::filesystem::path& file) {
  const std::string text = support::read_file_if_exists(file, 32).value_or("");
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  return error == std::errc() && pid > 1 ? std::optional(pid) : std::nullopt;
}

LateProcess::LateProcess(std::optional<std::filesystem::path> file) : m_file(std::move(file)) {
  look();
}

void LateProcess::look() {
  if (!m_file) {
    return;
  }
  if (const auto pid = pid_in(*m_file)) {
    m_process.reset(static_cast<int>(syscall(SYS_pidfd_open, *pid, 0)));
    m_gone = !m_process;
    m_file.reset();
  }
}

bool LateProcess::ended() const {
  pollfd watched{m_process.get(), POLLIN, 0};
  return m_gone || (m_process && poll(&watched, 1, 0) > 0);
}

void LateProcess::send(int signal) const {
  if (m_process) {
    syscall(SYS_pidfd_send_signal, m_process.get(), signal, nullptr, 0);
  }
}

} // namespace agentbox::session
