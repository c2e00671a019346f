// SPDX-License-Identifier: Apache-2.0
// Load for the benchmarks of the firewall, and the server behind it: one thread, epoll, no allocation while it
// measures.
//
//   load serve ADDRESS PORT                          answers the first bytes with one byte, and reads the rest
//   load rate ADDRESS PORT CONNECTIONS PARALLEL      short connections; prints rate and latencies in microseconds
//   load send ADDRESS PORT MEBIBYTES                 one connection, as fast as it goes; prints GiB/s
//   load hold ADDRESS PORT CONNECTIONS               opens them, prints how many, and keeps them until stdin ends
//   load dns ADDRESS PORT SECONDS PARALLEL NAME      questions; prints answers per second
//
// The first bytes of every connection come from the environment: LOAD_CONNECT (lines of a CONNECT request, whose
// response is awaited) and LOAD_HELLO (hex, a ClientHello).
#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

sockaddr_in endpoint(const char* address, const char* port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  inet_pton(AF_INET, address, &to.sin_addr);
  return to;
}

std::string from_environment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? "" : text;
}

std::string hello() {
  const std::string hex = from_environment("LOAD_HELLO");
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes.empty() ? "x" : bytes;
}

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

int dial(const sockaddr_in& to, bool blocking) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0);
  if (fd < 0 || (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS)) {
    die("connect");
  }
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

/// Returns a blocking connection that is past the proxy's handshake, if there is one, and has sent its hello.
int open_one(const sockaddr_in& to) {
  const int fd = dial(to, true);
  std::array<char, 4096> buffer{};
  if (const std::string request = from_environment("LOAD_CONNECT"); !request.empty()) {
    if (write(fd, request.data(), request.size()) < 0 || read(fd, buffer.data(), buffer.size()) <= 0) {
      die("CONNECT");
    }
  }
  const std::string first = hello();
  if (write(fd, first.data(), first.size()) < 0 || read(fd, buffer.data(), 1) != 1) {
    die("hello");
  }
  return fd;
}

int serve(const sockaddr_in& at) {
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int one = 1;
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(server, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || listen(server, 8192) != 0) {
    die("listen");
  }
  const int loop = epoll_create1(0);
  epoll_event event{EPOLLIN, {.fd = server}};
  epoll_ctl(loop, EPOLL_CTL_ADD, server, &event);
  std::vector<bool> answered(1U << 20U);
  std::vector<char> buffer(1U << 20U);
  std::array<epoll_event, 256> events{};
  for (;;) {
    const int count = epoll_wait(loop, events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events.at(static_cast<std::size_t>(i)).data.fd;
      if (fd == server) {
        int client = 0;
        while ((client = accept4(server, nullptr, nullptr, SOCK_NONBLOCK)) >= 0) {
          answered[static_cast<std::size_t>(client)] = false;
          setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
          epoll_event more{EPOLLIN, {.fd = client}};
          epoll_ctl(loop, EPOLL_CTL_ADD, client, &more);
        }
        continue;
      }
      const ssize_t got = read(fd, buffer.data(), buffer.size());
      if (got > 0 && !answered[static_cast<std::size_t>(fd)]) {
        answered[static_cast<std::size_t>(fd)] = true;
        static_cast<void>(!write(fd, "y", 1));
      } else if (got == 0 || (got < 0 && errno != EAGAIN)) {
        if (got == 0) {
          static_cast<void>(!write(fd, "z", 1)); // all is here
        }
        close(fd);
      }
    }
  }
}

struct Short {
  int step = 0; // 0: connecting, 1: waits for the proxy, 2: waits for the byte
  Clock::time_point start;
};

int rate(const sockaddr_in& to, unsigned long total, unsigned long parallel) {
  const int loop = epoll_create1(0);
  const std::string first = hello();
  const std::string request = from_environment("LOAD_CONNECT");
  std::vector<Short> all(1U << 20U);
  std::vector<double> times;
  times.reserve(total);
  unsigned long started = 0;
  unsigned long failed = 0;
  const auto open = [&] {
    const auto start = Clock::now();
    const int fd = dial(to, false);
    all.at(static_cast<std::size_t>(fd)) = {0, start};
    epoll_event event{EPOLLOUT, {.fd = fd}};
    epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
    ++started;
  };
  const auto begin = Clock::now();
  for (unsigned long i = 0; i < std::min(total, parallel); ++i) {
    open();
  }
  std::array<epoll_event, 256> events{};
  std::array<char, 4096> buffer{};
  while (times.size() + failed < total) {
    const int count = epoll_wait(loop, events.data(), events.size(), 5000);
    if (count == 0) {
      std::fprintf(stderr, "nothing moves: %zu done, %lu failed\n", times.size(), failed);
      return 1;
    }
    for (int i = 0; i < count; ++i) {
      const int fd = events.at(static_cast<std::size_t>(i)).data.fd;
      Short& one = all.at(static_cast<std::size_t>(fd));
      const auto send = [&](const std::string& text, int step) {
        one.step = step;
        epoll_event event{EPOLLIN, {.fd = fd}};
        epoll_ctl(loop, EPOLL_CTL_MOD, fd, &event);
        return write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
      };
      bool over = false;
      bool good = true;
      if (one.step == 0) {
        good = request.empty() ? send(first, 2) : send(request, 1);
      } else {
        const ssize_t got = read(fd, buffer.data(), buffer.size());
        good = got > 0;
        over = one.step == 2;
        if (one.step == 1 && good) {
          good = send(first, 2);
        }
      }
      if (!good || over) {
        const double took = std::chrono::duration<double, std::micro>(Clock::now() - one.start).count();
        if (good) {
          times.push_back(took);
        } else {
          ++failed;
        }
        const linger reset{1, 0}; // no TIME_WAIT: ports would run out
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fd);
        if (started < total) {
          open();
        }
      }
    }
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  std::sort(times.begin(), times.end());
  const auto at = [&](double part) {
    return times.empty() ? 0 : times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))];
  };
  std::printf("%.0f %.0f %.0f %lu\n", static_cast<double>(times.size()) / seconds, at(0.5), at(0.99), failed);
  return 0;
}

int send_all(const sockaddr_in& to, unsigned long mebibytes) {
  const int fd = open_one(to);
  const std::vector<char> block(1U << 20U);
  const auto begin = Clock::now();
  for (unsigned long i = 0; i < mebibytes; ++i) {
    for (std::size_t done = 0; done < block.size();) {
      const ssize_t got = write(fd, block.data() + done, block.size() - done);
      if (got <= 0) {
        die("write");
      }
      done += static_cast<std::size_t>(got);
    }
  }
  shutdown(fd, SHUT_WR);
  char last = 0;
  // Squid ends a tunnel when one side is done: there, the end of the connection must suffice.
  if (read(fd, &last, 1) != 1 && from_environment("LOAD_CONNECT").empty()) {
    die("end");
  }
  std::printf("%.3f\n",
              static_cast<double>(mebibytes) / 1024 / std::chrono::duration<double>(Clock::now() - begin).count());
  return 0;
}

int hold(const sockaddr_in& to, unsigned long count) {
  std::vector<int> held;
  for (unsigned long i = 0; i < count; ++i) {
    held.push_back(open_one(to));
  }
  std::printf("%zu\n", held.size());
  std::fflush(stdout);
  char end = 0;
  static_cast<void>(!read(0, &end, 1));
  return 0;
}

std::string question(const std::string& name) {
  std::string message("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
  for (std::size_t at = 0; at < name.size();) {
    const auto dot = std::min(name.find('.', at), name.size());
    message += static_cast<char>(dot - at);
    message += name.substr(at, dot - at);
    at = dot + 1;
  }
  return message + std::string("\0\0\1\0\1", 5);
}

/// Many datagrams per system call, so that the resolver is measured and not this client.
struct Datagrams {
  static constexpr std::size_t k_max = 64;
  std::array<std::array<char, 512>, k_max> buffers{};
  std::array<iovec, k_max> parts{};
  std::array<mmsghdr, k_max> messages{};

  mmsghdr* into(bool own_buffers, std::string& message) {
    for (std::size_t i = 0; i < k_max; ++i) {
      parts[i] = own_buffers ? iovec{buffers[i].data(), buffers[i].size()} : iovec{message.data(), message.size()};
      messages[i] = {};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    return messages.data();
  }
};

int dns(const sockaddr_in& to, double seconds, unsigned parallel, const std::string& name) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    die("connect");
  }
  const timeval patience{0, 200000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  std::string message = question(name);
  Datagrams all;
  const auto ask = [&](unsigned count) { sendmmsg(fd, all.into(false, message), count, 0); };
  parallel = std::min<unsigned>(parallel, Datagrams::k_max);
  ask(parallel);
  const auto begin = Clock::now();
  unsigned long answers = 0;
  while (Clock::now() - begin < std::chrono::duration<double>(seconds)) {
    const int got = recvmmsg(fd, all.into(true, message), parallel, MSG_WAITFORONE, nullptr);
    for (int i = 0; i < got; ++i) {
      if (all.messages[static_cast<std::size_t>(i)].msg_len <= 12 ||
          (all.buffers[static_cast<std::size_t>(i)][3] & 15) != 0) {
        die("an invalid answer");
      }
    }
    answers += static_cast<unsigned long>(std::max(got, 0));
    ask(got > 0 ? static_cast<unsigned>(got) : parallel); // none within the timeout: all were lost
  }
  std::printf("%.0f\n", static_cast<double>(answers) / seconds);
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 3) {
    std::fputs("usage: see the top of load.cpp\n", stderr);
    return 2;
  }
  const sockaddr_in to = endpoint(words[1].c_str(), words[2].c_str());
  const auto number = [&](std::size_t index) { return std::stoul(words.at(index)); };
  if (words[0] == "serve") {
    return serve(to);
  }
  if (words[0] == "rate") {
    return rate(to, number(3), number(4));
  }
  if (words[0] == "send") {
    return send_all(to, number(3));
  }
  if (words[0] == "hold") {
    return hold(to, number(3));
  }
  return dns(to, std::stod(words.at(3)), static_cast<unsigned>(number(4)), words.at(5));
}
