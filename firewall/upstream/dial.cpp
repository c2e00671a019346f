// SPDX-License-Identifier: Apache-2.0
#include "firewall/upstream/dial.hpp"

#include <algorithm>
#include <asio/ip/address.hpp>
#include <cerrno>
#include <cstddef>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <system_error>
#include <utility>

namespace agentbox::firewall::upstream {
namespace {

using asio::ip::tcp;
using policy::Address16;
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

} // namespace

/// The attempts of one dial(). `changed` is cancelled whenever one of them ends.
struct Race {
  explicit Race(const asio::any_io_executor& executor) : changed(executor), next(Clock::now()) {}
  asio::steady_timer changed;
  Clock::time_point next; ///< when another address may be tried
  std::vector<std::shared_ptr<tcp::socket>> sockets;
  std::size_t running = 0;
  std::shared_ptr<tcp::socket> winner;
  Address16 address{};
  std::error_code error;
};

namespace {

/// Opens a marked socket and starts to connect. Fails if the mark cannot be set: the ruleset would reject its packets.
std::error_code begin(tcp::socket& socket, const Address16& address, Service service, std::uint32_t mark) {
  const tcp::endpoint endpoint(to_asio(address), service.port);
  std::error_code error;
  socket.open(endpoint.protocol(), error);
  if (error) {
    return error;
  }
  if (::setsockopt(socket.native_handle(), SOL_SOCKET, SO_MARK, &mark, sizeof mark) != 0) {
    return {errno, std::system_category()};
  }
  socket.set_option(tcp::no_delay(true), error);
  if (service.speaks_second) { // tcp(7): if off, the handshake's empty acknowledgement waits for our first bytes
    const int off = 0;
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off);
  }
  socket.native_non_blocking(true, error);
  if (::connect(socket.native_handle(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 &&
      errno != EINPROGRESS) {
    return {errno, std::system_category()};
  }
  return error;
}

std::error_code pending_error(tcp::socket& socket) {
  int pending = 0;
  socklen_t size = sizeof pending;
  ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_ERROR, &pending, &size);
  return {pending, std::system_category()};
}

void finish(Race& race, const std::shared_ptr<tcp::socket>& socket, const Address16& address, std::error_code error) {
  --race.running;
  if (error) {
    race.error = error;
    race.next = Clock::now();
  } else if (!race.winner) {
    race.winner = socket;
    race.address = address;
  }
  race.changed.cancel();
}

// A handler instead of a coroutine, because most connections need only one attempt.
void attempt(const std::shared_ptr<Race>& race, const std::shared_ptr<tcp::socket>& socket, const Address16& address,
             Service service, std::uint32_t mark) {
  if (const std::error_code error = begin(*socket, address, service, mark)) {
    finish(*race, socket, address, error);
    return;
  }
  socket->async_wait(tcp::socket::wait_write, [race, socket, address](std::error_code error) {
    finish(*race, socket, address, error ? error : pending_error(*socket));
  });
}

/// Alternates the families, IPv4 first with `v4_first`: in containers it is the family that works if only one does.
void take_turns(std::vector<Address16>& addresses, bool v4_first) {
  const auto is_first = [v4_first](const Address16& address) { return is_v4(address) == v4_first; };
  std::stable_partition(addresses.begin(), addresses.end(), is_first);
  const auto middle = std::find_if_not(addresses.begin(), addresses.end(), is_first);
  std::vector<Address16> ordered;
  auto first = addresses.begin();
  auto second = middle;
  while (first != middle || second != addresses.end()) {
    if (first != middle) {
      ordered.push_back(*first++);
    }
    if (second != addresses.end()) {
      ordered.push_back(*second++);
    }
  }
  addresses = std::move(ordered);
}

} // namespace

LateAddresses::LateAddresses(const asio::any_io_executor& executor) : m_arrived(executor, Clock::time_point::max()) {}

void LateAddresses::arrive(std::vector<Address16> addresses) {
  m_addresses = std::move(addresses);
  m_complete = true;
  m_arrived.cancel();
}

/// One dial().
class Dialler {
public:
  Dialler(const asio::any_io_executor& executor, const Candidates& candidates, Service service, std::uint32_t mark,
          DialLimits limits)
      : m_executor(executor), m_race(std::make_shared<Race>(executor)), m_late(candidates.late), m_service(service),
        m_mark(mark), m_limits(limits), m_deadline(Clock::now() + limits.total), m_waiting(candidates.addresses) {
    take_turns(m_waiting, true);
    if (m_late) {
      m_late->m_arrived.async_wait([race = m_race](std::error_code /*cancelled*/) { race->changed.cancel(); });
    }
  }

  asio::awaitable<void> run() {
    while (!m_race->winner && Clock::now() < m_deadline) {
      join_late();
      if (!m_waiting.empty() && Clock::now() >= m_race->next) {
        start_next();
        continue; // it may have failed immediately
      }
      const auto until = give_up();
      if (Clock::now() >= until) {
        break;
      }
      m_race->changed.expires_at(m_waiting.empty() ? until : std::min(until, m_race->next));
      co_await m_race->changed.async_wait(io::k_await);
    }
  }

  Dialled result() {
    Dialled dialled;
    for (const auto& socket : m_race->sockets) {
      if (socket != m_race->winner) {
        std::error_code ignored;
        socket->close(ignored);
      }
    }
    dialled.tried = !m_tried.empty();
    if (m_race->winner) {
      dialled.socket.emplace(std::move(*m_race->winner));
      dialled.address = m_race->address;
    } else {
      dialled.problem = m_race->error ? m_race->error.message() : "no answer";
    }
    return dialled;
  }

private:
  /// Returns when to give up.
  Clock::time_point give_up() const {
    if (!m_waiting.empty() || m_race->running > 0) {
      return m_deadline;
    }
    return m_late ? std::min(m_deadline, m_race->next + m_limits.late) : Clock::now();
  }

  void join_late() {
    if (!m_late || !m_late->m_complete) {
      return;
    }
    for (const Address16& address : m_late->m_addresses) {
      const auto is_here = [&](const std::vector<Address16>& list) {
        return std::find(list.begin(), list.end(), address) != list.end();
      };
      if (!is_here(m_tried) && !is_here(m_waiting)) {
        m_waiting.push_back(address);
      }
    }
    m_late.reset();
    take_turns(m_waiting, m_tried.empty() || !is_v4(m_tried.back()));
  }

  void start_next() {
    m_tried.push_back(m_waiting.front());
    m_waiting.erase(m_waiting.begin());
    m_race->sockets.push_back(std::make_shared<tcp::socket>(m_executor));
    ++m_race->running;
    m_race->next = Clock::now() + m_limits.stagger;
    attempt(m_race, m_race->sockets.back(), m_tried.back(), m_service, m_mark);
  }

  asio::any_io_executor m_executor;
  std::shared_ptr<Race> m_race;
  std::shared_ptr<LateAddresses> m_late; ///< null after they have joined
  Service m_service;
  std::uint32_t m_mark;
  DialLimits m_limits;
  Clock::time_point m_deadline;
  std::vector<Address16> m_waiting; ///< in the order in which they are tried
  std::vector<Address16> m_tried;
};

asio::awaitable<Dialled> dial(const Candidates& candidates, Service service, std::uint32_t mark, DialLimits limits) {
  const auto executor = co_await asio::this_coro::executor;
  Dialler dialler(executor, candidates, service, mark, limits);
  co_await dialler.run();
  co_return dialler.result();
}

} // namespace agentbox::firewall::upstream
