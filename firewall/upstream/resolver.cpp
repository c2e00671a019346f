// SPDX-License-Identifier: Apache-2.0
#include "firewall/upstream/resolver.hpp"

#include <ares.h>
#include <cstddef>
#include <sys/stat.h>
#include <utility>

#include "firewall/upstream/channel.hpp"
#include "firewall/upstream/resolv_conf.hpp"
#include "support/error.hpp"
#include "support/file.hpp"

namespace agentbox::firewall::upstream {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t k_max_cached = 1024;
constexpr std::size_t k_max_pending = 1024;
constexpr std::chrono::seconds k_check_interval{1};

} // namespace

/// One query under way; `done` is a timer that never runs out and is cancelled when the answer is there.
struct Resolver::Pending {
  explicit Pending(asio::io_context& context) : done(context, Clock::time_point::max()) {}
  asio::steady_timer done;
  bool ready = false;
  Resolution resolution;
};

Resolver::Resolver(asio::io_context& context, std::filesystem::path resolv_conf, std::uint32_t mark)
    : m_context(context), m_resolv_conf(std::move(resolv_conf)), m_mark(mark) {
  if (const int status = ares_library_init(ARES_LIB_INIT_ALL); status != ARES_SUCCESS) {
    throw support::Error(support::ExitCode::failed, std::string("cannot start c-ares: ") + ares_strerror(status));
  }
}

Resolver::~Resolver() = default;

void Resolver::follow_resolv_conf() {
  const auto now = Clock::now();
  if (m_checked != Clock::time_point() && now - m_checked < k_check_interval) {
    return;
  }
  m_checked = now;
  struct stat status {};
  Stamp stamp;
  if (::stat(m_resolv_conf.c_str(), &status) == 0) {
    stamp = {status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ino};
  }
  if (stamp == m_stamp && (m_channel || !m_problem.empty())) {
    return;
  }
  m_stamp = stamp;
  m_cache.clear();
  m_channel.reset(); // queries under way keep the old one until they are done
  m_problem.clear();
  try {
    const auto text = support::read_file_if_exists(m_resolv_conf, std::size_t{1} << 16U);
    const auto servers = name_servers(text.value_or(""));
    if (servers.empty()) {
      m_problem = "there is no name server in " + m_resolv_conf.string();
    } else {
      m_channel = Channel::make(m_context, servers, m_mark);
    }
  } catch (const support::Error& error) {
    m_problem = error.what(); // every connection fails with it, until the file changes
  }
}

void Resolver::finish(const std::string& name, const std::shared_ptr<Pending>& pending, Resolution resolution,
                      int ttl) {
  if (resolution.problem.empty() && ttl > 0) {
    if (m_cache.size() >= k_max_cached) {
      m_cache.erase(m_cache.begin());
    }
    m_cache[name] = {resolution, Clock::now() + std::chrono::seconds(ttl)};
  }
  pending->resolution = std::move(resolution);
  pending->ready = true;
  pending->done.cancel();
  if (const auto found = m_pending.find(name); found != m_pending.end() && found->second == pending) {
    m_pending.erase(found);
  }
}

void Resolver::start(const std::string& name, const std::shared_ptr<Pending>& pending) {
  m_pending[name] = pending;
  m_channel->query(name, [this, name, pending](int status, std::vector<netlink::Address16> addresses, int ttl) {
    Resolution resolution{std::move(addresses), {}};
    if (status != ARES_SUCCESS) {
      resolution.problem = ares_strerror(status);
    } else if (resolution.addresses.empty()) {
      resolution.problem = "the name has no address";
    }
    finish(name, pending, std::move(resolution), ttl);
  });
}

asio::awaitable<Resolution> Resolver::resolve(const std::string& name) {
  follow_resolv_conf();
  if (const auto cached = m_cache.find(name); cached != m_cache.end()) {
    if (cached->second.until > Clock::now()) {
      co_return cached->second.resolution;
    }
    m_cache.erase(cached);
  }
  if (!m_channel) {
    co_return Resolution{{}, m_problem};
  }
  std::shared_ptr<Pending> pending;
  if (const auto found = m_pending.find(name); found != m_pending.end()) {
    pending = found->second;
  } else if (m_pending.size() >= k_max_pending) {
    co_return Resolution{{}, "too many names are being resolved"};
  } else {
    pending = std::make_shared<Pending>(m_context);
    start(name, pending);
  }
  while (!pending->ready) {
    co_await pending->done.async_wait(io::k_await);
  }
  co_return pending->resolution;
}

} // namespace agentbox::firewall::upstream
