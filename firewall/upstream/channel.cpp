// SPDX-License-Identifier: Apache-2.0
#include "firewall/upstream/channel.hpp"

#include <algorithm>
#include <array>
#include <asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <cstring>
#include <exception>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <utility>

#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::firewall::upstream {
namespace {

using policy::Address16;
using support::Error;
using support::ExitCode;

constexpr std::size_t k_max_addresses = 32;
constexpr int k_timeout = 1000; // ms, until the next server is asked; twice that in the second round
constexpr int k_rounds = 3;

void append(const ares_addrinfo_node& node, std::vector<Address16>& addresses) {
  Address16 address{};
  if (node.ai_family == AF_INET) {
    sockaddr_in socket{};
    std::memcpy(&socket, node.ai_addr, sizeof socket);
    address[10] = address[11] = 0xFF;
    std::memcpy(address.data() + 12, &socket.sin_addr, 4);
  } else if (node.ai_family == AF_INET6) {
    sockaddr_in6 socket{};
    std::memcpy(&socket, node.ai_addr, sizeof socket);
    std::memcpy(address.data(), &socket.sin6_addr, 16);
  } else {
    return;
  }
  if (addresses.size() < k_max_addresses && std::find(addresses.begin(), addresses.end(), address) == addresses.end()) {
    addresses.push_back(address);
  }
}

} // namespace

/// Waits for one of c-ares' sockets. c-ares owns and closes the descriptor; the watch releases it first.
class AresChannel::Watch : public std::enable_shared_from_this<AresChannel::Watch> {
public:
  Watch(asio::io_context& context, std::weak_ptr<AresChannel> channel, ares_socket_t fd)
      : m_channel(std::move(channel)), m_fd(fd), m_descriptor(context, fd) {}
  ~Watch() { stop(); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  void watch_for(bool readable, bool writable) {
    m_readable = readable;
    m_writable = writable;
    wait(asio::posix::stream_descriptor::wait_read, m_readable, m_waits_to_read);
    wait(asio::posix::stream_descriptor::wait_write, m_writable, m_waits_to_write);
  }
  void stop() {
    if (m_descriptor.is_open()) {
      m_descriptor.release();
    }
  }

private:
  void wait(asio::posix::descriptor_base::wait_type type, bool& wanted, bool& waiting) {
    if (!wanted || waiting) {
      return;
    }
    waiting = true;
    m_descriptor.async_wait(type, [this, self = shared_from_this(), type, &wanted, &waiting](std::error_code error) {
      waiting = false;
      const auto channel = m_channel.lock();
      if (error || !channel || !m_descriptor.is_open()) {
        return;
      }
      const bool reads = type == asio::posix::descriptor_base::wait_read;
      channel->process(reads ? m_fd : ARES_SOCKET_BAD, reads ? ARES_SOCKET_BAD : m_fd);
      if (m_descriptor.is_open()) {
        wait(type, wanted, waiting);
      }
    });
  }

  std::weak_ptr<AresChannel> m_channel;
  ares_socket_t m_fd;
  asio::posix::stream_descriptor m_descriptor;
  bool m_readable = false;
  bool m_writable = false;
  bool m_waits_to_read = false;
  bool m_waits_to_write = false;
};

struct AresChannel::OpenQuestion {
  std::shared_ptr<AresChannel> channel; ///< kept alive until the answer arrives
  Done done;
};

std::shared_ptr<AresChannel> AresChannel::make(asio::io_context& context, const std::vector<std::string>& servers,
                                               std::uint32_t mark) {
  std::shared_ptr<AresChannel> channel(new AresChannel(context, mark));
  channel->open(servers);
  return channel;
}

void AresChannel::open(const std::vector<std::string>& servers) {
  std::array<char, 2> lookups = {'b', '\0'}; // DNS only, not the container's /etc/hosts
  std::string no_file = "/dev/null";         // the servers are set below
  ares_options options{};
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS;
  options.timeout = k_timeout;
  options.tries = k_rounds;
  options.ndomains = 0;
  options.lookups = lookups.data();
  options.resolvconf_path = no_file.data();
  options.sock_state_cb = &AresChannel::on_socket_state;
  options.sock_state_cb_data = this;
  int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS |
             ARES_OPT_RESOLVCONF | ARES_OPT_SOCK_STATE_CB;
#ifdef ARES_OPT_QUERY_CACHE // c-ares 1.31 and later cache; the resolver has its own cache, with shorter times
  options.qcache_max_ttl = 0;
  mask |= ARES_OPT_QUERY_CACHE;
#endif
  int status = ares_init_options(&m_ares, &options, mask);
  if (status == ARES_SUCCESS) {
    ares_set_socket_configure_callback(m_ares, &AresChannel::on_new_socket, this);
    status = ares_set_servers_ports_csv(m_ares, support::join(servers, ",").c_str());
  }
  if (status != ARES_SUCCESS) {
    throw Error(ExitCode::failed, std::string("cannot set up the upstream resolver: ") + ares_strerror(status));
  }
}

AresChannel::~AresChannel() {
  if (m_ares != nullptr) {
    ares_destroy(m_ares); // no query is pending: each holds the channel
  }
}

int AresChannel::on_new_socket(ares_socket_t fd, int /*type*/, void* self) {
  const std::uint32_t mark = static_cast<AresChannel*>(self)->m_mark;
  return ::setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0 ? 0 : -1;
}

void AresChannel::on_socket_state(void* self, ares_socket_t fd, int readable, int writable) {
  try {
    static_cast<AresChannel*>(self)->watch(fd, readable != 0, writable != 0);
  } catch (const std::exception&) { // must not pass through c-ares, which is C; without a watch, the query times out
    return;
  }
}

void AresChannel::watch(ares_socket_t fd, bool readable, bool writable) {
  auto found = m_watches.find(fd);
  if (!readable && !writable) { // about to be closed
    if (found != m_watches.end()) {
      found->second->stop();
      m_watches.erase(found);
    }
    return;
  }
  if (found == m_watches.end()) {
    found = m_watches.emplace(fd, std::make_shared<Watch>(m_context, weak_from_this(), fd)).first;
  }
  found->second->watch_for(readable, writable);
}

void AresChannel::process(ares_socket_t readable, ares_socket_t writable) {
  ares_process_fd(m_ares, readable, writable);
  arm_timer();
}

void AresChannel::arm_timer() {
  timeval wait{};
  if (ares_timeout(m_ares, nullptr, &wait) == nullptr) {
    m_timer.cancel();
    return;
  }
  m_timer.expires_after(std::chrono::seconds(wait.tv_sec) + std::chrono::microseconds(wait.tv_usec) +
                        std::chrono::milliseconds(1)); // never early: that would spin
  m_timer.async_wait([weak = weak_from_this()](std::error_code error) {
    if (const auto channel = weak.lock(); channel && !error) {
      channel->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    }
  });
}

void AresChannel::query(const std::string& name, Lookup::Family family, Done done) {
  ares_addrinfo_hints hints{};
  hints.ai_family = family == Lookup::Family::v4 ? AF_INET : AF_INET6;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = ARES_AI_NOSORT; // sorting would open unmarked sockets
  auto query = std::make_unique<OpenQuestion>(OpenQuestion{shared_from_this(), std::move(done)});
  ares_getaddrinfo(m_ares, name.c_str(), nullptr, &hints, &AresChannel::on_answer, query.release());
  arm_timer();
}

void AresChannel::on_answer(void* raw, int status, int timeouts, ares_addrinfo* result) {
  std::unique_ptr<OpenQuestion> query(static_cast<OpenQuestion*>(raw));
  const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owned(result, &ares_freeaddrinfo);
  try {
    Lookup::FamilyAnswer answer;
    answer.status = status;
    answer.timeouts = timeouts;
    for (const auto* node = result == nullptr ? nullptr : result->nodes; node != nullptr; node = node->ai_next) {
      append(*node, answer.addresses);
      const std::chrono::seconds ttl(node->ai_ttl);
      answer.ttl = node == result->nodes ? ttl : std::min(answer.ttl, ttl);
    }
    // Later, from the loop: this may be the channel's last owner, and c-ares is still on the stack.
    asio::io_context& context = query->channel->m_context;
    asio::post(context,
               [query = std::move(query), answer = std::move(answer)]() mutable { query->done(std::move(answer)); });
  } catch (const std::exception&) { // no memory; must not pass through c-ares, which is C. The connection times out
    return;
  }
}

} // namespace agentbox::firewall::upstream
