// SPDX-License-Identifier: Apache-2.0
#include "firewall/io/either_readable.hpp"

namespace agentbox::firewall::io {

using asio::ip::tcp;

EitherReadable::Waiting::Waiting(const asio::any_io_executor& executor)
    : readable(executor, asio::steady_timer::time_point::max()) {}

EitherReadable::EitherReadable(tcp::socket& first, tcp::socket& second)
    : m_first(first), m_second(second), m_waiting(std::make_shared<Waiting>(first.get_executor())) {}

void EitherReadable::start(tcp::socket& socket, bool Waiting::*pending) {
  if ((*m_waiting).*pending) {
    return;
  }
  (*m_waiting).*pending = true;
  socket.async_wait(tcp::socket::wait_read, [waiting = m_waiting, pending](std::error_code) {
    (*waiting).*pending = false;
    waiting->readable.cancel();
  });
}

asio::awaitable<void> EitherReadable::wait(bool second_too) {
  start(m_first, &Waiting::first);
  if (second_too) {
    start(m_second, &Waiting::second);
  }
  co_await m_waiting->readable.async_wait(k_await);
}

} // namespace agentbox::firewall::io
