// SPDX-License-Identifier: Apache-2.0
#include "boxes/control_client.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol/protocol.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"

namespace agentbox::boxes {
namespace {

namespace control = firewall::control;
using support::Error;
using support::ExitCode;
using support::Fd;

Error unreachable(const SessionPaths& paths, int error) {
  const std::string message = "the firewall of box \"" + paths.folder.filename().string() + "\" does not answer";
  return support::system_error(ExitCode::failed, message, error, "agentbox ps tells whether the box still runs");
}

/// By the folder's descriptor: a socket's address has room for 107 bytes, and XDG_RUNTIME_DIR may be longer.
Fd connect_to_firewall(const SessionPaths& paths) {
  const Fd folder(open(paths.run().c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!folder || !socket) {
    throw unreachable(paths, errno);
  }
  const timeval patience{5, 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = fmt::format("/proc/self/fd/{}/{}", folder.get(), protocol::k_control_socket);
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw unreachable(paths, errno);
  }
  return socket;
}

std::string read_line(const Fd& socket, const SessionPaths& paths) {
  std::string line(control::k_max_message, '\0');
  std::size_t have = 0;
  while (have < line.size()) {
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
                "the firewall of box \"" + paths.folder.filename().string() + "\" gave no answer that makes sense");
  }
  return *std::move(reply);
}

} // namespace agentbox::boxes
