// SPDX-License-Identifier: Apache-2.0
#include "firewall/proxy/pipe_pool.hpp"

#include <array>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace agentbox::firewall::proxy {

std::optional<SplicePipe> PipePool::take() {
  if (!m_free.empty()) {
    SplicePipe pipe = std::move(m_free.back());
    m_free.pop_back();
    return pipe;
  }
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    return std::nullopt;
  }
  SplicePipe pipe{support::Fd(ends[0]), support::Fd(ends[1])};
  ::fcntl(pipe.write.get(), F_SETPIPE_SZ, k_pipe_bytes); // smaller ones work as well
  return pipe;
}

void PipePool::give_back(SplicePipe pipe) {
  if (m_free.size() < k_keep) {
    m_free.push_back(std::move(pipe));
  }
}

} // namespace agentbox::firewall::proxy
