// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/entrypoint_message.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <unistd.h>

namespace agentbox::entrypoint {
namespace {

class Line {
public:
  void add(std::string_view text) {
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte >= ' ' && byte < 0x7F) {
        add(c);
      } else { // the project chose the name of a path: no escape sequences for the terminal
        constexpr std::string_view k_digits = "0123456789abcdef";
        add('\\');
        add('x');
        add(k_digits[byte >> 4U]);
        add(k_digits[byte & 0xFU]);
      }
    }
  }
  void end() { m_bytes[m_length++] = '\n'; }
  // One write(2), so that other writers cannot split the line.
  void write_to(int fd) const {
    if (write(fd, m_bytes.data(), m_length) < 0) {
      return; // the reader is gone
    }
  }

private:
  void add(char c) {
    if (m_length + 1 < m_bytes.size()) {
      m_bytes[m_length++] = c;
    }
  }

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
  line.end();
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
