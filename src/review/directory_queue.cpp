// SPDX-License-Identifier: Apache-2.0
#include "review/directory_queue.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace agentbox::review {
namespace {

std::optional<PendingDirectory> pop_front(std::deque<PendingDirectory>& list) {
  if (list.empty()) {
    return std::nullopt;
  }
  PendingDirectory first = std::move(list.front());
  list.pop_front();
  return first;
}

} // namespace

void DirectoryQueue::push(PendingDirectory directory, bool known) {
  if (known) {
    m_known.push_back(std::move(directory));
    return;
  }
  const std::string top = directory.path.substr(0, directory.path.find('/'));
  std::deque<PendingDirectory>& waiting = m_waiting[top];
  if (waiting.empty()) {
    m_turns.push_back(top);
  }
  waiting.push_back(std::move(directory));
}

std::optional<PendingDirectory> DirectoryQueue::pop() {
  if (auto first = pop_front(m_known)) {
    return first;
  }
  if (m_turns.empty()) {
    return pop_front(m_rest);
  }
  const std::string top = std::move(m_turns.front());
  m_turns.pop_front();
  std::deque<PendingDirectory>& waiting = m_waiting[top];
  auto first = pop_front(waiting);
  if (waiting.empty()) {
    m_waiting.erase(top);
  } else {
    m_turns.push_back(top);
  }
  return first;
}

support::Fd open_below(int root, const std::string& path) {
  constexpr int k_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  open_how how{};
  how.flags = static_cast<std::uint64_t>(k_flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  const char* const whole = path.empty() ? "." : path.c_str();
  support::Fd fd(static_cast<int>(syscall(SYS_openat2, root, whole, &how, sizeof how))); // NOLINT(*-vararg): no wrapper
  if (fd || (errno != ENAMETOOLONG && errno != ENOSYS)) {
    return fd;
  }
  fd = support::Fd(openat(root, ".", k_flags));
  for (std::size_t at = 0; fd && at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    fd = support::Fd(openat(fd.get(), path.substr(at, end - at).c_str(), k_flags));
    at = end + 1;
  }
  return fd;
}

} // namespace agentbox::review
