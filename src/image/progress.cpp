// SPDX-License-Identifier: Apache-2.0
#include "image/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

namespace agentbox::image {

Progress::Progress() : m_terminal(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (m_open) {
    fmt::print(stderr, "\n");
  }
}

void Progress::step(const std::string& what) {
  done();
  if (m_terminal) {
    fmt::print(stderr, "agentbox: {:<60}", what + " ...");
    std::fflush(stderr);
    m_open = true;
    m_start = std::chrono::steady_clock::now();
  }
}

void Progress::done() {
  if (m_open) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - m_start;
    fmt::print(stderr, "{:6.1f} s\n", took.count());
    m_open = false;
  }
}

void Progress::note(const std::string& line) {
  if (m_open) {
    fmt::print(stderr, "\n");
    m_open = false;
  }
  fmt::print(stderr, "agentbox: {}\n", line);
}

} // namespace agentbox::image
