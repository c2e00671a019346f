// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/ask_user.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <netinet/in.h>
#include <poll.h>
#include <string_view>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "entrypoint/ask_message.hpp"
#include "entrypoint/entrypoint_message.hpp"

namespace agentbox::entrypoint {
namespace {

constexpr int k_tries = 3;
constexpr int k_wait_ms = 2000;
constexpr const char* k_help =
    R"(usage: agentbox-ask allow HOST[:PORT] [--why TEXT]

Asks the user of this box to allow it a host (port 443 if none is given). The user is shown HOST, TEXT (about 150
characters) and the command that allows it, which only the user can run, outside of the box. The program does not wait
for the answer; if the user allows the host, connections to it work from then on. At most 6 requests a minute and 60 a
box are shown. Exit status: 0: the user is shown the request, or the host is already allowed; 1: neither; 2: wrong
arguments.
)";

/// Returns the exit code and prints what the answer means.
int report(protocol::AskAnswer answer) {
  using protocol::AskAnswer;
  const char* text = "";
  switch (answer) {
  case AskAnswer::asked:
    text = "your request is shown to the user. It may take a while or be declined; do not ask again for the same host";
    break;
  case AskAnswer::allowed: text = "the host is allowed already"; break;
  case AskAnswer::denied: text = "not asked: the user has denied this host"; break;
  case AskAnswer::blocked: text = "not asked: the box's configuration blocks this host"; break;
  case AskAnswer::too_many: text = "not asked: too many requests; tell the user which host you need"; break;
  case AskAnswer::invalid: text = "not asked: not the name of a host that can be allowed"; break;
  }
  std::printf("agentbox-ask: %s\n", text);
  return answer == AskAnswer::asked || answer == AskAnswer::allowed ? 0 : 1;
}

std::optional<protocol::AskAnswer> exchange(const AskQuery& query) {
  sockaddr_in resolver{};
  resolver.sin_family = AF_INET;
  resolver.sin_addr.s_addr = htonl(protocol::k_resolver_address_v4);
  resolver.sin_port = htons(protocol::k_resolver_port);
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  // NOLINTNEXTLINE(*-reinterpret-cast): socket API
  if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&resolver), sizeof resolver) != 0 ||
      send(fd, query.bytes.data(), query.size, MSG_NOSIGNAL) != static_cast<ssize_t>(query.size)) {
    close(fd);
    return std::nullopt;
  }
  std::optional<protocol::AskAnswer> answer;
  pollfd watched{fd, POLLIN, 0};
  while (!answer && poll(&watched, 1, k_wait_ms) > 0) {
    std::array<std::uint8_t, 1024> buffer{};
    const ssize_t count = recv(fd, buffer.data(), buffer.size(), 0);
    if (count < 0) {
      break; // ECONNREFUSED: no firewall
    }
    answer = read_ask_answer(std::span(buffer).first(static_cast<std::size_t>(count)), query);
  }
  close(fd);
  return answer;
}

} // namespace

int ask_user(int argc, char** argv) {
  std::string_view host;
  std::string_view why;
  bool is_good = argc > 2 && std::string_view(argv[1]) == "allow";
  for (int i = 2; is_good && i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--why" && i + 1 < argc) {
      why = argv[++i];
    } else if (word.starts_with("--why=")) {
      why = word.substr(6);
    } else {
      is_good = host.empty() && !word.empty() && word.front() != '-';
      host = word;
    }
  }
  if (!is_good || host.empty()) {
    const bool help = argc == 2 && (std::string_view(argv[1]) == "--help" || std::string_view(argv[1]) == "-h");
    std::fputs(k_help, help ? stdout : stderr);
    return help ? 0 : k_usage;
  }
  const char* const network = std::getenv(protocol::k_network_variable);
  if (network != nullptr && std::string_view(network) == protocol::k_full) {
    std::puts("agentbox-ask: this box has no firewall: every host is allowed");
    return 0;
  }
  std::uint16_t id = 0;
  [[maybe_unused]] const ssize_t random = getrandom(&id, sizeof id, 0);
  const auto query = ask_query(id, host, why);
  if (!query) {
    return report(protocol::AskAnswer::invalid);
  }
  for (int i = 0; i < k_tries; ++i) {
    if (const auto answer = exchange(*query)) {
      return report(*answer);
    }
  }
  std::fputs("agentbox-ask: the firewall does not answer\n", stderr);
  return 1;
}

} // namespace agentbox::entrypoint
