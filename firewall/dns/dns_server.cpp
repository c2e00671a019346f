// SPDX-License-Identifier: Apache-2.0
#include "firewall/dns/dns_server.hpp"

#include <array>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <fmt/format.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <utility>

#include "support/error.hpp"

namespace agentbox::firewall::dns {
namespace {

using asio::ip::tcp;
using asio::ip::udp;

constexpr std::uint16_t k_port = 53;
constexpr unsigned k_batch = 32;
constexpr std::size_t k_max_datagram = 1232; // longer ones are truncated, and so malformed
constexpr std::size_t k_max_tcp_query = 4096;
constexpr std::size_t k_max_tcp_sessions = 64;
constexpr std::chrono::seconds k_tcp_time{5};
constexpr unsigned k_max_tcp_queries = 1000;

void check(const std::error_code& error, const char* what) {
  if (error) {
    throw support::Error(support::ExitCode::failed, fmt::format("the DNS stub cannot listen on 127.0.0.1:{}/{}: {}",
                                                                k_port, what, error.message()));
  }
}

/// Returns the response to `message`; empty, as if it was lost, when there is no memory for it.
std::string respond(DnsStub& stub, std::string_view message) {
  try {
    return stub.respond(message);
  } catch (const std::exception&) {
    return {};
  }
}

} // namespace

/// Buffers for recvmmsg(2) and sendmmsg(2).
struct DnsServer::Batch {
  std::array<std::array<char, k_max_datagram>, k_batch> buffers;
  std::array<sockaddr_in, k_batch> peers;
  std::array<iovec, k_batch> parts;
  std::array<mmsghdr, k_batch> messages;
  std::array<std::string, k_batch> answers;

  void prepare_to_receive() {
    for (std::size_t i = 0; i < k_batch; ++i) {
      parts.at(i) = {buffers.at(i).data(), buffers.at(i).size()};
      messages.at(i) = {};
      messages.at(i).msg_hdr.msg_name = &peers.at(i);
      messages.at(i).msg_hdr.msg_namelen = sizeof(sockaddr_in);
      messages.at(i).msg_hdr.msg_iov = &parts.at(i);
      messages.at(i).msg_hdr.msg_iovlen = 1;
    }
  }

  /// Replaces the first `received` messages with their responses; returns their number.
  unsigned answer(DnsStub& stub, unsigned received) {
    unsigned count = 0;
    for (unsigned i = 0; i < received; ++i) {
      answers.at(count) = respond(stub, {buffers.at(i).data(), messages.at(i).msg_len});
      if (answers.at(count).empty()) {
        continue;
      }
      // count <= i: message i was read already
      peers.at(count) = peers.at(i);
      parts.at(count) = {answers.at(count).data(), answers.at(count).size()};
      ++count;
    }
    return count;
  }
};

DnsServer::DnsServer(asio::io_context& context, DnsStub& stub)
    : m_context(context), m_stub(stub), m_udp(context), m_tcp(context), m_batch(std::make_unique<Batch>()) {
  const auto loopback = asio::ip::address_v4::loopback();
  std::error_code error;
  m_udp.open(udp::v4(), error);
  check(error, "udp");
  m_udp.bind({loopback, k_port}, error);
  check(error, "udp");
  m_udp.native_non_blocking(true, error);
  check(error, "udp");
  m_tcp.open(tcp::v4(), error);
  check(error, "tcp");
  m_tcp.set_option(tcp::acceptor::reuse_address(true), error);
  m_tcp.bind({loopback, k_port}, error);
  check(error, "tcp");
  m_tcp.listen(static_cast<int>(k_max_tcp_sessions), error);
  check(error, "tcp");
  m_tcp.native_non_blocking(true, error);
  check(error, "tcp");
}

DnsServer::~DnsServer() = default;

void DnsServer::start() {
  io::keep_running(m_context, [this] { return udp_loop(); });
  io::keep_running(m_context, [this] {
    return io::accept_loop(m_tcp, [this](support::Fd connection) { admit(std::move(connection)); });
  });
}

asio::awaitable<void> DnsServer::udp_loop() {
  for (;;) {
    const auto [error] = co_await m_udp.async_wait(udp::socket::wait_read, io::k_await);
    if (error) {
      co_return;
    }
    m_batch->prepare_to_receive();
    const int received = ::recvmmsg(m_udp.native_handle(), m_batch->messages.data(), k_batch, MSG_DONTWAIT, nullptr);
    if (received <= 0) {
      continue; // nothing, or an ICMP error of a client that is gone
    }
    const unsigned answers = m_batch->answer(m_stub, static_cast<unsigned>(received));
    // What does not fit into the socket buffer is lost; the client asks again.
    ::sendmmsg(m_udp.native_handle(), m_batch->messages.data(), answers, MSG_DONTWAIT | MSG_NOSIGNAL);
  }
}

void DnsServer::admit(support::Fd connection) {
  if (m_tcp_sessions.use_count() > static_cast<long>(k_max_tcp_sessions)) {
    return;
  }
  auto socket = std::make_shared<tcp::socket>(m_context, tcp::v4(), connection.get());
  connection.release();
  asio::co_spawn(m_context, tcp_session(std::move(socket), m_tcp_sessions), asio::detached);
}

asio::awaitable<void> DnsServer::tcp_session(std::shared_ptr<tcp::socket> shared,
                                             std::shared_ptr<const void> /*of m_tcp_sessions*/) {
  tcp::socket& socket = *shared;
  // One timer for the whole session, so that a slow client cannot keep it open.
  asio::steady_timer clock(m_context, k_tcp_time);
  clock.async_wait([shared](std::error_code error) {
    if (!error) {
      shared->close(error);
    }
  });
  std::array<unsigned char, 2> length{};
  std::string message;
  for (unsigned i = 0; i < k_max_tcp_queries; ++i) {
    const auto [header_error, header_size] = co_await asio::async_read(socket, asio::buffer(length), io::k_await);
    if (header_error) {
      co_return;
    }
    message.resize((std::size_t{length[0]} << 8U) | length[1]);
    if (message.size() > k_max_tcp_query) {
      co_return;
    }
    const auto [body_error, body_size] = co_await asio::async_read(socket, asio::buffer(message), io::k_await);
    if (body_error) {
      co_return;
    }
    const std::string answer = m_stub.respond(message);
    if (answer.empty()) {
      co_return;
    }
    length = {static_cast<unsigned char>(answer.size() >> 8U), static_cast<unsigned char>(answer.size() & 0xFFU)};
    const std::array<asio::const_buffer, 2> whole = {asio::buffer(length), asio::buffer(answer)};
    const auto [write_error, written] = co_await asio::async_write(socket, whole, io::k_await);
    if (write_error) {
      co_return;
    }
  }
}

} // namespace agentbox::firewall::dns
