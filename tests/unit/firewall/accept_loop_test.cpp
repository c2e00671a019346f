// SPDX-License-Identifier: Apache-2.0
#include "firewall/io/accept_loop.hpp"

#include <array>
#include <new>
#include <stdexcept>
#include <vector>

#include "catch.hpp"

namespace agentbox::firewall::io {
namespace {

using asio::ip::tcp;

/// An acceptor on the loopback interface, and blocking clients of it.
struct Rig {
  asio::io_context context{1};
  tcp::acceptor acceptor{context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};

  Rig() { acceptor.native_non_blocking(true); }
  tcp::socket connect() {
    tcp::socket client(context);
    client.connect(acceptor.local_endpoint());
    return client;
  }
};

TEST_CASE("a connection that cannot be admitted is closed, and the next one is accepted", "[io]") {
  Rig rig;
  std::vector<support::Fd> admitted;
  unsigned calls = 0;
  keep_running(rig.context, [&] {
    return accept_loop(rig.acceptor, [&](support::Fd connection) {
      switch (++calls) {
      case 1: throw std::bad_alloc();
      case 2: throw std::system_error(EMFILE, std::system_category());
      case 3: throw std::runtime_error("anything else");
      default: break;
      }
      admitted.push_back(std::move(connection));
      rig.acceptor.close();
    });
  });
  std::vector<tcp::socket> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(rig.connect());
  }
  rig.context.run();
  CHECK(calls == 4);
  CHECK(admitted.size() == 1);
  for (std::size_t i = 0; i < 3; ++i) {
    std::array<char, 1> byte{};
    std::error_code error;
    clients[i].read_some(asio::buffer(byte), error);
    CHECK(error == asio::error::eof);
  }
}

TEST_CASE("a loop that throws is restarted, one that returns is not", "[io]") {
  asio::io_context context{1};
  int runs = 0;
  keep_running(context, [&]() -> asio::awaitable<void> {
    co_await yield();
    if (++runs < 3) {
      throw std::bad_alloc();
    }
  });
  context.run();
  CHECK(runs == 3);
}

TEST_CASE("a handler that throws does not end the event loop", "[io]") {
  asio::io_context context{1};
  int handled = 0;
  asio::post(context, [] { throw std::bad_alloc(); });
  asio::post(context, [&] { ++handled; });
  run_until_stopped(context);
  CHECK(handled == 1);
}

} // namespace
} // namespace agentbox::firewall::io
