// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <csignal>

namespace agentbox::support {

/// A reader that closes early must not kill us; restored afterwards.
class IgnoreSigpipe {
public:
  IgnoreSigpipe() : m_old(std::signal(SIGPIPE, SIG_IGN)) {}
  IgnoreSigpipe(const IgnoreSigpipe&) = delete;
  IgnoreSigpipe& operator=(const IgnoreSigpipe&) = delete;
  IgnoreSigpipe(IgnoreSigpipe&&) = delete;
  IgnoreSigpipe& operator=(IgnoreSigpipe&&) = delete;
  ~IgnoreSigpipe() { std::signal(SIGPIPE, m_old); }

private:
  void (*m_old)(int);
};

} // namespace agentbox::support
