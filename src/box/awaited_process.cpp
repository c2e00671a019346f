// SPDX-License-Identifier: Apache-2.0
#include "box/awaited_process.hpp"

#include <charconv>
#include <utility>

#include "support/file.hpp"
#include "support/pidfd.hpp"

namespace agentbox::box {

std::optional<pid_t> pid_in(const std::filesystem::path& file) {
  const std::string text = support::read_file_if_exists(file, 32).value_or("");
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  return error == std::errc() && pid > 1 ? std::optional(pid) : std::nullopt;
}

AwaitedProcess::AwaitedProcess(std::optional<std::filesystem::path> file) : m_file(std::move(file)) {
  find();
}

void AwaitedProcess::find() {
  if (!m_file) {
    return;
  }
  if (const auto pid = pid_in(*m_file)) {
    m_process = support::open_pidfd(*pid);
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
