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

void DirectoryQueue::Turns::push(PendingDirectory directory) {
  const std::string top = directory.path.substr(0, directory.path.find('/'));
  std::deque<PendingDirectory>& waiting = m_waiting[top];
  if (waiting.empty()) {
    m_order.push_back(top);
  }
  waiting.push_back(std::move(directory));
}

std::optional<PendingDirectory> DirectoryQueue::Turns::pop() {
  if (m_order.empty()) {
    return std::nullopt;
  }
  const std::string top = std::move(m_order.front());
  m_order.pop_front();
  std::deque<PendingDirectory>& waiting = m_waiting[top];
  auto first = pop_front(waiting);
  if (waiting.empty()) {
    m_waiting.erase(top);
  } else {
    m_order.push_back(top);
  }
  return first;
}

void DirectoryQueue::push(PendingDirectory directory, bool known) {
  (known ? m_known : m_others).push(std::move(directory));
}

std::optional<PendingDirectory> DirectoryQueue::pop() {
  const bool known = std::exchange(m_known_next, !m_known_next);
  for (Turns* const turns : {known ? &m_known : &m_others, known ? &m_others : &m_known}) {
    if (auto next = turns->pop()) {
      return next;
    }
  }
  return pop_front(m_rest);
}

} // namespace agentbox::review
