// SPDX-License-Identifier: Apache-2.0
#include "attacks/attack_io.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace agentbox::attacks {

FileText::FileText(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return;
  }
  m_length = 0;
  while (m_length < static_cast<long>(m_bytes.size())) {
    const auto at = static_cast<std::size_t>(m_length);
    const ssize_t count = read(fd, m_bytes.data() + at, m_bytes.size() - at);
    if (count < 0) {
      m_length = -1;
      break;
    }
    if (count == 0) {
      break;
    }
    m_length += count;
  }
  close(fd);
}

bool is_hosts_root(std::string_view uid_map, unsigned uid) {
  return uid == 0 && uid_map.find(" 4294967295\n") != std::string_view::npos; // all IDs: the first user namespace
}

std::string_view next_line(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : line.size());
  return line;
}

std::string_view next_word(std::string_view& rest) {
  const std::size_t start = rest.find_first_not_of(" \t");
  if (start == std::string_view::npos) {
    rest = {};
    return {};
  }
  rest.remove_prefix(start);
  const std::string_view word = rest.substr(0, rest.find_first_of(" \t"));
  rest.remove_prefix(word.size());
  return word;
}

std::string_view status_field(std::string_view status, std::string_view name) {
  while (!status.empty()) {
    std::string_view line = next_line(status);
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':') {
      line.remove_prefix(name.size() + 1);
      return next_word(line);
    }
  }
  return {};
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

const sockaddr* Address::generic() const {
  return reinterpret_cast<const sockaddr*>(&storage); // NOLINT(*-reinterpret-cast): the socket API's way
}

Address address_of(const char* text, std::uint16_t port) {
  Address result;
  auto& four = reinterpret_cast<sockaddr_in&>(result.storage); // NOLINT(*-reinterpret-cast)
  auto& six = reinterpret_cast<sockaddr_in6&>(result.storage); // NOLINT(*-reinterpret-cast)
  if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    result.length = sizeof four;
  } else if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    result.length = sizeof six;
  }
  return result;
}

int connect_result(int fd, const Address& to, int timeout_ms) {
  fcntl(fd, F_SETFL, O_NONBLOCK);
  if (connect(fd, to.generic(), to.length) == 0) {
    return 0;
  }
  if (errno != EINPROGRESS) {
    return errno;
  }
  pollfd watched{fd, POLLOUT, 0};
  const bool ended = poll(&watched, 1, timeout_ms) > 0;
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
    return errno;
  }
  // SCTP retries after a rejection; until the retry ends, SO_ERROR reports the rejection.
  return ended || error != 0 ? error : ETIMEDOUT;
}

int datagram_result(int fd, const Address& to, std::string_view bytes, int timeout_ms) {
  fcntl(fd, F_SETFL, O_NONBLOCK);
  if (connect(fd, to.generic(), to.length) != 0) {
    return errno;
  }
  if (send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) {
    return errno;
  }
  pollfd watched{fd, POLLIN, 0};
  if (poll(&watched, 1, timeout_ms) <= 0) {
    return 0; // no error: it was sent
  }
  std::array<char, 64> answer{};
  return recv(fd, answer.data(), answer.size(), 0) < 0 ? errno : 0;
}

long read_within(int fd, void* buffer, std::size_t size, int timeout_ms) {
  pollfd watched{fd, POLLIN, 0};
  return poll(&watched, 1, timeout_ms) > 0 ? read(fd, buffer, size) : -1;
}

} // namespace agentbox::attacks
