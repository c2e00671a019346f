// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <csignal>

namespace agentbox::support {

/// Ignores SIGPIPE while it exists: a write to a closed pipe fails with EPIPE instead of killing us.
class IgnoreSigpipe {
public:
  IgnoreSigpipe() : m_old(std::signal(SIGPIPE, SIG_IGN)) {}
  IgnoreSigpipe(const IgnoreSigpipe&) = delete;
  IgnoreSigpipe& operator=(const IgnoreSigpipe&) = delete;
  ~IgnoreSigpipe() { std::signal(SIGPIPE, m_old); }

private:
  void (*m_old)(int);
};

} // namespace agentbox::support
