// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/entrypoint_message.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <unistd.h>

namespace agentbox::entrypoint {
namespace {

class Line {
public:
  void add(std::string_view text) {
    const std::size_t count = std::min(text.size(), m_bytes.size() - m_length);
    std::copy_n(text.begin(), count, m_bytes.begin() + static_cast<std::ptrdiff_t>(m_length));
    m_length += count;
  }
  // One write(2), so that other writers cannot split the line.
  void write_to(int fd) const {
    if (write(fd, m_bytes.data(), m_length) < 0) {
      return; // the reader is gone
    }
  }

private:
  std::array<char, 1024> m_bytes{};
  std::size_t m_length = 0;
};

} // namespace

void print_message(std::initializer_list<std::string_view> parts) {
  Line line;
  line.add("agent-entrypoint: ");
  for (const std::string_view part : parts) {
    line.add(part);
  }
  line.add("\n");
  line.write_to(STDERR_FILENO);
}

void die(int code, std::initializer_list<std::string_view> parts) {
  print_message(parts);
  _exit(code);
}

std::string_view error_text(int error_number) {
  const char* text = strerrordesc_np(error_number);
  return text == nullptr ? "unknown error" : text;
}

} // namespace agentbox::entrypoint
