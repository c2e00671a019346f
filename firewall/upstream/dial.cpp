// SPDX-License-Identifier: Apache-2.0
#include "firewall/upstream/dial.hpp"

#include <algorithm>
#include <asio/ip/address.hpp>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <sys/socket.h>
#include <system_error>
#include <utility>

namespace agentbox::firewall::upstream {
namespace {

using asio::ip::tcp;
using netlink::Address16;
using Clock = std::chrono::steady_clock;

using policy::is_v4;

asio::ip::address to_asio(const Address16& address) {
  if (is_v4(address)) {
    asio::ip::address_v4::bytes_type bytes{};
    std::copy(address.begin() + 12, address.end(), bytes.begin());
    return asio::ip::address_v4(bytes);
  }
  return asio::ip::address_v6(address);
}

/// The attempts of one dial(). `changed` is cancelled whenever one of them ends.
struct Race {
  explicit Race(const asio::any_io_executor& executor) : changed(executor) {}
  asio::steady_timer changed;
  std::vector<std::shared_ptr<tcp::socket>> sockets;
  std::size_t running = 0;
  std::shared_ptr<tcp::socket> winner;
  Address16 address{};
  std::error_code error;
};

/// Opens a marked socket and starts to connect. Without the mark nothing is sent: the ruleset would refuse it.
std::error_code begin(tcp::socket& socket, const tcp::endpoint& endpoint, std::uint32_t mark) {
  std::error_code error;
  socket.open(endpoint.protocol(), error);
  if (error) {
    return error;
  }
  if (::setsockopt(socket.native_handle(), SOL_SOCKET, SO_MARK, &mark, sizeof mark) != 0) {
    return {errno, std::system_category()};
  }
  socket.set_option(tcp::no_delay(true), error);
  socket.set_option(asio::socket_base::keep_alive(true), error);
  socket.native_non_blocking(true, error);
  if (::connect(socket.native_handle(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 &&
      errno != EINPROGRESS) {
    return {errno, std::system_category()};
  }
  return error;
}

asio::awaitable<void> attempt(std::shared_ptr<Race> race, std::shared_ptr<tcp::socket> socket, Address16 address,
                              std::uint16_t port, std::uint32_t mark) {
  std::error_code error = begin(*socket, {to_asio(address), port}, mark);
  if (!error) {
    std::tie(error) = co_await socket->async_wait(tcp::socket::wait_write, io::k_await);
  }
  if (!error) {
    int pending = 0;
    socklen_t size = sizeof pending;
    ::getsockopt(socket->native_handle(), SOL_SOCKET, SO_ERROR, &pending, &size);
    error.assign(pending, std::system_category());
  }
  --race->running;
  if (error) {
    race->error = error;
  } else if (!race->winner) {
    race->winner = socket;
    race->address = address;
  }
  race->changed.cancel();
}

/// IPv4 first: in containers it is the family that works when only one does. After that they take turns.
void take_turns(std::vector<Address16>& addresses) {
  std::stable_partition(addresses.begin(), addresses.end(), is_v4);
  const auto first6 = std::find_if_not(addresses.begin(), addresses.end(), is_v4);
  std::vector<Address16> ordered;
  auto four = addresses.begin();
  auto six = first6;
  while (four != first6 || six != addresses.end()) {
    if (four != first6) {
      ordered.push_back(*four++);
    }
    if (six != addresses.end()) {
      ordered.push_back(*six++);
    }
  }
  addresses = std::move(ordered);
}

} // namespace

asio::awaitable<Dialled> dial(std::vector<Address16>& addresses, std::uint16_t port, std::uint32_t mark,
                              DialLimits limits) {
  const auto executor = co_await asio::this_coro::executor;
  const auto race = std::make_shared<Race>(executor);
  const auto deadline = Clock::now() + limits.total;
  take_turns(addresses);
  auto next = addresses.begin();
  while (!race->winner && (next != addresses.end() || race->running > 0) && Clock::now() < deadline) {
    if (next != addresses.end()) {
      race->sockets.push_back(std::make_shared<tcp::socket>(executor));
      ++race->running;
      race->changed.expires_at(std::min(deadline, Clock::now() + limits.stagger));
      asio::co_spawn(executor, attempt(race, race->sockets.back(), *next++, port, mark), asio::detached);
    } else {
      race->changed.expires_at(deadline);
    }
    if (!race->winner && race->running > 0) {
      co_await race->changed.async_wait(io::k_await);
    }
  }
  Dialled dialled;
  for (const auto& socket : race->sockets) {
    if (socket != race->winner) {
      std::error_code ignored;
      socket->close(ignored);
    }
  }
  if (race->winner) {
    dialled.socket.emplace(std::move(*race->winner));
    dialled.address = race->address;
  } else {
    dialled.problem = race->error ? race->error.message() : "no answer";
  }
  co_return dialled;
}

} // namespace agentbox::firewall::upstream
