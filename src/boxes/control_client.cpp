// SPDX-License-Identifier: Apache-2.0
#include "boxes/control_client.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol/protocol.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/signals.hpp"

namespace agentbox::boxes {
namespace {

namespace control = firewall::control;
using support::Error;
using support::ExitCode;
using support::Fd;

constexpr std::chrono::seconds k_patience{5};

Error unreachable(const SessionPaths& paths, int error) {
  const std::string message = "the firewall of box \"" + paths.directory.filename().string() + "\" does not respond";
  return support::system_error(ExitCode::failed, message, error, "agentbox ps shows whether the box still runs");
}

/// Connects through a descriptor: a socket's address has room for 107 bytes, and XDG_RUNTIME_DIR may be longer. A
/// compromised firewall can replace its socket with a link to another of the user's sockets; the link is not followed.
Fd connect_to_firewall(const SessionPaths& paths) {
  const std::filesystem::path path = paths.run() / protocol::k_control_socket;
  const Fd file(open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  struct stat info {};
  if (!file || !socket || fstat(file.get(), &info) != 0) {
    throw unreachable(paths, errno);
  }
  const timeval patience{k_patience.count(), 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience); // applies to connect(2) too
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  fmt::format("/proc/self/fd/{}", file.get()).copy(address.sun_path, sizeof address.sun_path - 1);
  if (!S_ISSOCK(info.st_mode) ||
      connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw unreachable(paths, S_ISSOCK(info.st_mode) ? errno : ENOTSOCK);
  }
  return socket;
}

/// Reads up to the first line feed, within k_patience in total: a compromised firewall may send byte by byte.
std::string read_line(const Fd& socket, const SessionPaths& paths) {
  const auto deadline = std::chrono::steady_clock::now() + k_patience;
  std::string line(control::k_max_message, '\0');
  std::array<pollfd, 1> watched{{{socket.get(), POLLIN, 0}}};
  for (std::size_t have = 0; have < line.size();) {
    if (!support::poll_until(watched, deadline)) {
      throw unreachable(paths, ETIMEDOUT);
    }
    const ssize_t count = read(socket.get(), line.data() + have, line.size() - have);
    if (count < 0) {
      throw unreachable(paths, errno);
    }
    if (count == 0) {
      break;
    }
    have += static_cast<std::size_t>(count);
    if (line[have - 1] == '\n') {
      return line.substr(0, have - 1);
    }
  }
  return {};
}

} // namespace

control::ControlReply ask_firewall(const SessionPaths& paths, const control::ControlRequest& request) {
  const std::string line = control::to_line(request);
  if (line.size() > control::k_max_message) {
    throw Error(ExitCode::usage, "the host's name is too long");
  }
  const Fd socket = connect_to_firewall(paths);
  if (send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) {
    throw unreachable(paths, errno);
  }
  auto reply = control::parse_reply(read_line(socket, paths));
  if (!reply) {
    throw Error(ExitCode::failed,
                "the firewall of box \"" + paths.directory.filename().string() + "\" sent an invalid reply");
  }
  return *std::move(reply);
}

} // namespace agentbox::boxes
