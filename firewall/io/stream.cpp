// SPDX-License-Identifier: Apache-2.0
#include "firewall/io/stream.hpp"

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <sys/types.h>

namespace agentbox::firewall::io {
using asio::ip::tcp;

bool would_block(int error) noexcept {
  return error == EAGAIN || error == EINTR;
}

asio::awaitable<bool> wait(tcp::socket& socket, tcp::socket::wait_type type) {
  const auto [error] = co_await socket.async_wait(type, k_await);
  co_return !error && socket.is_open();
}

// Not a coroutine: its buffer would be part of the frame, and take memory while it waits.
std::optional<Received> receive_now(tcp::socket& socket, std::string& into) {
  std::array<char, 4096> buffer; // NOLINT(cppcoreguidelines-pro-type-member-init): written by the kernel
  const ssize_t got = ::recv(socket.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0) {
    return would_block(errno) ? std::nullopt : std::optional(Received::failed);
  }
  into.append(buffer.data(), static_cast<std::size_t>(got));
  return got > 0 ? Received::bytes : Received::end_of_stream;
}

asio::awaitable<Received> receive(tcp::socket& socket, std::string& into) {
  for (;;) {
    if (const auto received = receive_now(socket, into)) {
      co_return *received;
    }
    if (!co_await wait(socket, tcp::socket::wait_read)) {
      co_return Received::failed;
    }
  }
}

asio::awaitable<std::size_t> send_all(tcp::socket& socket, std::string_view bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t more =
        ::send(socket.native_handle(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (more >= 0) {
      sent += static_cast<std::size_t>(more);
    } else if (!would_block(errno) || !co_await wait(socket, tcp::socket::wait_write)) {
      break;
    }
  }
  co_return sent;
}

} // namespace agentbox::firewall::io
