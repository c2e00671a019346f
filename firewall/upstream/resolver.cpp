// SPDX-License-Identifier: Apache-2.0
#include "firewall/upstream/resolver.hpp"

#include <algorithm>
#include <ares.h>
#include <exception>
#include <sys/stat.h>
#include <utility>

#include "firewall/upstream/channel.hpp"
#include "firewall/upstream/resolv_conf.hpp"
#include "support/error.hpp"
#include "support/file.hpp"

namespace agentbox::firewall::upstream {
namespace {

constexpr std::size_t k_max_lookups = 1024;
constexpr long k_max_open = 2048;
constexpr std::chrono::seconds k_check_interval{1};
constexpr std::chrono::seconds k_demotion_time{60};

} // namespace

Resolver::Resolver(asio::io_context& context, std::filesystem::path resolv_conf, std::filesystem::path passed_on,
                   std::uint32_t mark)
    : m_context(context), m_resolv_conf(std::move(resolv_conf)), m_passed_on(std::move(passed_on)), m_mark(mark) {
  if (const int status = ares_library_init(ARES_LIB_INIT_ALL); status != ARES_SUCCESS) {
    throw support::Error(support::ExitCode::failed, std::string("cannot start c-ares: ") + ares_strerror(status));
  }
}

Resolver::~Resolver() = default;

Resolver::Stamp Resolver::stamp_of(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return {};
  }
  return {status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ino};
}

void Resolver::follow_resolv_conf() {
  const auto now = Clock::now();
  if (m_checked && now - *m_checked < k_check_interval) {
    return;
  }
  m_checked = now;
  const Stamp stamp = stamp_of(m_resolv_conf);
  const Stamp passed_on = stamp_of(m_passed_on);
  if (stamp == m_stamp && passed_on == m_passed_on_stamp && (m_channel || !m_problem.empty())) {
    if (m_first != 0 && now - m_moved > k_demotion_time) {
      change_to(0);
    }
    return;
  }
  m_stamp = stamp;
  m_passed_on_stamp = passed_on;
  m_lookups.clear();
  m_channel.reset(); // pending queries keep the old one alive
  m_problem.clear();
  try {
    read_resolv_conf();
  } catch (const support::Error& error) {
    m_problem = error.what(); // every connection fails with it until the file changes
  }
}

void Resolver::read_resolv_conf() {
  constexpr std::size_t k_max = std::size_t{1} << 16U;
  const std::string text = support::read_file_if_exists(m_resolv_conf, k_max).value_or("");
  const auto host = support::read_file_if_exists(m_passed_on, k_max);
  m_servers = host ? name_servers_now(*host, text) : name_servers(text);
  if (m_servers.empty()) {
    m_problem = host ? "the host has no name server that a container can reach"
                     : "there is no name server in " + m_resolv_conf.string();
  } else {
    use(0);
  }
}

/// Opens a channel that asks server `first` first, over new sockets.
void Resolver::use(std::size_t first) {
  std::vector<std::string> order = m_servers;
  std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(first), order.end());
  m_channel = AresChannel::make(m_context, order, m_mark);
  m_first = first;
  m_moved = Clock::now();
}

// c-ares asks the servers in the same order each time: without this, each new name would wait for a dead one. Only A
// queries count: servers that drop AAAA are alive.
void Resolver::judge_server(const AresChannel* asked, const Lookup::FamilyAnswer& answer) {
  if (answer.timeouts == 0 || asked != m_channel.get()) {
    return;
  }
  // No server answered: that says nothing about the first one, but the sockets may belong to a network that is gone.
  const bool all = answer.status == ARES_ETIMEOUT;
  change_to(all ? 0 : (m_first + static_cast<std::size_t>(answer.timeouts)) % m_servers.size());
}

void Resolver::change_to(std::size_t first) {
  try {
    use(first);
  } catch (const support::Error&) { // out of descriptors: the current channel stays
    m_moved = Clock::now();
  }
}

void Resolver::ask(const std::string& name, const std::shared_ptr<Lookup>& lookup, Lookup::Family family) {
  m_channel->query(
      name, family, [this, name, lookup, family, asked = m_channel.get(), open = m_open](Lookup::FamilyAnswer answer) {
        if (family == Lookup::Family::v4) {
          judge_server(asked, answer);
        }
        lookup->add(family, std::move(answer));
        const auto kept = m_lookups.find(name);
        if (lookup->complete() && kept != m_lookups.end() && kept->second == lookup && !lookup->usable(Clock::now())) {
          m_lookups.erase(kept);
        }
      });
}

bool Resolver::make_room() {
  if (m_open.use_count() + 2 > k_max_open) {
    return false;
  }
  if (m_lookups.size() >= k_max_lookups) {
    const auto old =
        std::find_if(m_lookups.begin(), m_lookups.end(), [](const auto& item) { return item.second->complete(); });
    if (old == m_lookups.end()) {
      return false;
    }
    m_lookups.erase(old);
  }
  return true;
}

asio::awaitable<Resolution> Resolver::resolve(const std::string& name) {
  follow_resolv_conf();
  std::shared_ptr<Lookup> lookup;
  if (const auto kept = m_lookups.find(name); kept != m_lookups.end()) {
    if (kept->second->usable(Clock::now())) {
      lookup = kept->second;
    } else {
      m_lookups.erase(kept);
    }
  }
  if (!lookup) {
    if (!m_channel) {
      co_return Resolution{{}, m_problem, {}};
    }
    if (!make_room()) {
      co_return Resolution{{}, "too many names are being resolved", {}};
    }
    lookup = std::make_shared<Lookup>(m_context);
    m_lookups[name] = lookup;
    try {
      ask(name, lookup, Lookup::Family::v4);
      ask(name, lookup, Lookup::Family::v6);
    } catch (const std::exception&) { // no memory; others must not wait for this lookup
      m_lookups.erase(name);
      throw;
    }
  }
  co_await lookup->wait();
  Resolution resolution{lookup->addresses(), lookup->problem(), {}};
  if (!lookup->complete()) {
    resolution.rest = lookup;
  }
  co_return resolution;
}

} // namespace agentbox::firewall::upstream
