// SPDX-License-Identifier: Apache-2.0
#include "firewall/control/control_server.hpp"

#include <algorithm>
#include <asio/write.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <variant>

#include "support/error.hpp"
#include "support/fd.hpp"

namespace agentbox::firewall::control {
namespace {

using asio::local::stream_protocol;

constexpr std::chrono::seconds k_time{2}; // for a whole request
constexpr int k_backlog = 16;

/// Returns whether the peer runs as the firewall's user in its user namespace: only the user who started the box does.
/// The host's root has no ID in that namespace and is refused.
bool is_own_user(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && size == sizeof peer && peer.uid == ::geteuid();
}

/// Sets a umask while it exists, so that the socket is created with mode 0600 and nobody can connect before that.
class PrivateUmask {
public:
  PrivateUmask() : m_old(::umask(0177)) {}
  ~PrivateUmask() { ::umask(m_old); }
  PrivateUmask(const PrivateUmask&) = delete;
  PrivateUmask& operator=(const PrivateUmask&) = delete;

private:
  mode_t m_old;
};

} // namespace

ControlServer::ControlServer(asio::io_context& context, const std::filesystem::path& socket, Controller& controller)
    : m_context(context), m_controller(controller), m_acceptor(context), m_timer(context) {
  std::error_code error;
  ::unlink(socket.c_str());
  m_acceptor.open(stream_protocol(), error);
  if (!error) {
    const PrivateUmask umask;
    m_acceptor.bind(stream_protocol::endpoint(socket.string()), error);
  }
  if (!error) {
    m_acceptor.listen(k_backlog, error);
  }
  if (!error) {
    m_acceptor.native_non_blocking(true, error);
  }
  if (error) {
    throw support::Error(support::ExitCode::failed,
                         "cannot listen on the control socket " + socket.string() + ": " + error.message());
  }
}

void ControlServer::start() {
  io::keep_running(m_context, [this] {
    return io::accept_loop(m_acceptor, [this](support::Fd connection) { admit(std::move(connection)); });
  });
}

void ControlServer::admit(support::Fd connection) {
  if (!is_own_user(connection.get()) || m_connections.use_count() > static_cast<long>(k_max_connections)) {
    return; // closed immediately: other users learn nothing
  }
  auto socket = std::make_shared<Socket>(m_context, stream_protocol(), connection.get());
  connection.release();
  asio::co_spawn(m_context, serve(std::move(socket), m_connections), asio::detached);
}

asio::awaitable<void> ControlServer::serve(std::shared_ptr<Socket> socket,
                                           std::shared_ptr<const void> /*of m_connections*/) {
  // Closes the socket of a slow client; pending operations on it then fail.
  asio::steady_timer over(m_context, k_time);
  over.async_wait([socket](const std::error_code& error) {
    std::error_code ignored;
    if (!error) {
      socket->close(ignored);
    }
  });
  if (!m_expiring) { // before the request: what it grants must end even if answering fails
    io::keep_running(m_context, [this] { return expire_loop(); });
    m_expiring = true;
  }
  const ControlReply reply =
      co_await answer(*socket); // a separate statement: in a longer one, GCC 12 destroys temporaries twice
  const std::string line = to_line(reply);
  if (socket->is_open()) {
    co_await asio::async_write(*socket, asio::buffer(line), io::k_await);
  }
  over.cancel();
}

asio::awaitable<ControlReply> ControlServer::answer(Socket& socket) {
  std::string buffer(k_max_message, '\0');
  std::size_t have = 0;
  while (have < buffer.size()) {
    const auto [error, size] =
        co_await socket.async_read_some(asio::buffer(buffer.data() + have, buffer.size() - have), io::k_await);
    if (error || size == 0) {
      co_return ControlReply{false, "the message to the firewall is incomplete", ""};
    }
    have += size;
    const std::size_t end = std::string_view(buffer).substr(0, have).find('\n');
    if (end == std::string_view::npos) {
      continue;
    }
    auto parsed = parse_request(std::string_view(buffer).substr(0, end));
    if (auto* refusal = std::get_if<ControlReply>(&parsed)) {
      co_return std::move(*refusal);
    }
    co_return m_controller.handle(std::get<ControlRequest>(parsed), Controller::Clock::now());
  }
  co_return ControlReply{false, "the message to the firewall is too long", ""};
}

/// Runs after a request, for as long as a change is due to expire. Wakes at least once a second, because timers stop
/// while the machine is suspended, but the user's time limit does not.
asio::awaitable<void> ControlServer::expire_loop() {
  constexpr Controller::Clock::duration k_max_wait = std::chrono::seconds(1);
  std::optional<Controller::Clock::duration> left = k_max_wait;
  while (left) {
    m_timer.expires_after(std::min(*left, k_max_wait));
    const auto [error] = co_await m_timer.async_wait(io::k_await);
    if (error) {
      break;
    }
    m_controller.expire(Controller::Clock::now());
    left = m_controller.until_next_expiry(Controller::Clock::now());
  }
  m_expiring = false;
}

} // namespace agentbox::firewall::control
