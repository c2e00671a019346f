// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <csignal>
#include <cstdio>
#include <functional>
#include <netinet/in.h>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"

namespace agentbox::image_test {

/// A registry in a separate process.
class Registry {
public:
  enum class After { close, silence };
  /// Returns the reply to a GET of `path`.
  using Answer = std::function<std::string(const std::string& path)>;
  /// Answers every request with `answer`.
  explicit Registry(const std::string& answer, After after = After::close)
      : Registry([answer](const std::string&) { return answer; }, after) {}
  explicit Registry(const Answer& answer, After after = After::close) {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(listener, reinterpret_cast<const sockaddr*>(&address), size) == 0); // NOLINT
    REQUIRE(listen(listener, 8) == 0);
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size); // NOLINT
    m_address = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    m_pid = fork();
    if (m_pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      serve(listener, answer, after);
    }
    close(listener);
  }
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;
  Registry(Registry&&) = delete;
  Registry& operator=(Registry&&) = delete;
  ~Registry() {
    kill(m_pid, SIGKILL);
    waitpid(m_pid, nullptr, 0);
  }
  const std::string& address() const { return m_address; }

private:
  [[noreturn]] static void serve(int listener, const Answer& answer, After after) {
    while (true) {
      const int client = accept(listener, nullptr, nullptr);
      std::array<char, 4096> request{};
      if (read(client, request.data(), request.size() - 1) <= 0) {
        perror("registry");
      }
      const std::string target = std::string(request.data()).substr(4); // after "GET "
      const std::string reply = answer(target.substr(0, target.find(' ')));
      if (write(client, reply.data(), reply.size()) < 0) {
        perror("registry");
      }
      if (after == After::close) {
        close(client);
      }
    }
  }
  std::string m_address;
  pid_t m_pid = -1;
};

inline std::string ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

} // namespace agentbox::image_test
