// SPDX-License-Identifier: Apache-2.0
#include "review/directory_queue.hpp"

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

} // namespace agentbox::review
