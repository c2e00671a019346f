// SPDX-License-Identifier: Apache-2.0
#include "firewall/proxy/proxy_server.hpp"

#include <cerrno>
#include <chrono>
#include <fmt/format.h>
#include <iterator>
#include <sys/socket.h>
#include <utility>

#include "firewall/ruleset/model.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"

namespace agentbox::firewall::proxy {
namespace {

using asio::ip::tcp;

constexpr int k_backlog = 4096;
constexpr unsigned k_burst = 64; // connections taken before the others have their turn
constexpr std::chrono::seconds k_tick{1};

std::error_code listen(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  std::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (error) {
    return error;
  }
  // Address reuse only against connections of a predecessor that still die away. Never SO_REUSEPORT: the agent has the
  // same uid and could join.
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  acceptor.set_option(tcp::no_delay(true), error); // each connection inherits it
  acceptor.bind(endpoint, error);
  if (!error) {
    acceptor.listen(k_backlog, error);
  }
  if (!error) {
    acceptor.native_non_blocking(true, error);
  }
  return error;
}

[[noreturn]] void cannot_listen(const tcp::endpoint& endpoint, const std::error_code& error) {
  throw support::Error(support::ExitCode::failed,
                       fmt::format("the proxy cannot listen on {}:{}: {}", endpoint.address().to_string(),
                                   endpoint.port(), error.message()));
}

} // namespace

Server::Server(asio::io_context& context, Services& services, bool six)
    : m_context(context), m_services(services), m_acceptor(context), m_acceptor6(context), m_timer(context) {
  const tcp::endpoint four(asio::ip::address_v4::loopback(), ruleset::k_proxy_port);
  if (const auto error = listen(m_acceptor, four)) {
    cannot_listen(four, error);
  }
  if (!six) {
    return;
  }
  const tcp::endpoint loopback6(asio::ip::address_v6::loopback(), ruleset::k_proxy_port);
  if (const auto error = listen(m_acceptor6, loopback6)) {
    std::error_code ignored;
    m_acceptor6.close(ignored);
    // Without IPv6 in the box nothing can be meant for it, and nothing is opened.
    if (error != std::errc::address_not_available && error != std::errc::address_family_not_supported) {
      cannot_listen(loopback6, error);
    }
  }
}

void Server::start() {
  asio::co_spawn(m_context, accept_loop(m_acceptor), io::Essential{});
  if (m_acceptor6.is_open()) {
    asio::co_spawn(m_context, accept_loop(m_acceptor6), io::Essential{});
  }
}

void Server::stop() {
  std::error_code ignored;
  m_acceptor.close(ignored);
  m_acceptor6.close(ignored);
  m_timer.cancel();
  while (!m_sessions.empty()) { // each takes itself off the list
    const auto session = m_sessions.front();
    session->stop("stopped", "the box was stopped");
  }
}

void Server::recheck() {
  for (auto place = m_sessions.begin(); place != m_sessions.end();) {
    const auto session = *place++; // it may take itself off the list
    session->recheck();
  }
}

asio::awaitable<void> Server::accept_loop(tcp::acceptor& acceptor) {
  const tcp protocol = &acceptor == &m_acceptor ? tcp::v4() : tcp::v6();
  for (;;) {
    const auto [error] = co_await acceptor.async_wait(tcp::acceptor::wait_read, io::k_await);
    if (error) {
      co_return; // closed by stop()
    }
    for (unsigned i = 0; i < k_burst; ++i) {
      const int fd = ::accept4(acceptor.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd >= 0) {
        admit(fd, protocol);
        continue;
      }
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        asio::steady_timer pause(m_context, std::chrono::milliseconds(20));
        co_await pause.async_wait(io::k_await);
      }
      break;
    }
  }
}

void Server::admit(int fd, tcp protocol) {
  if (m_sessions.size() >= m_services.limits.connections) {
    refuse(fd);
    return;
  }
  tcp::socket client(m_context);
  client.assign(protocol, fd);
  m_sessions.push_back(std::make_shared<Session>(m_services, std::move(client)));
  const auto place = std::prev(m_sessions.end());
  (*place)->on_end([this, place] { m_sessions.erase(place); });
  asio::co_spawn(m_context, (*place)->run(), asio::detached);
  if (!m_ticking) {
    m_ticking = true;
    asio::co_spawn(m_context, tick_loop(), io::Essential{});
  }
}

void Server::refuse(int fd) {
  const support::Fd closed_at_once(fd);
  const linger reset{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  audit::Record record;
  record.kind = audit::Kind::connect;
  record.protocol = "tcp";
  record.reason = "too-many";
  record.text = fmt::format("there are {} connections already", m_sessions.size());
  m_services.log.write(std::move(record));
}

/// Runs only while there are connections: an idle box does not wake up.
asio::awaitable<void> Server::tick_loop() {
  while (!m_sessions.empty()) {
    m_timer.expires_after(k_tick);
    const auto [error] = co_await m_timer.async_wait(io::k_await);
    if (error) {
      break;
    }
    const auto now = Session::Clock::now();
    for (auto place = m_sessions.begin(); place != m_sessions.end();) {
      const auto session = *place++; // a tick may take it off the list
      session->tick(now);
    }
  }
  m_services.log.flush();
  m_ticking = false;
}

} // namespace agentbox::firewall::proxy
