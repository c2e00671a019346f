// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "firewall/io/await.hpp"
#include "firewall/netlink/route.hpp"

namespace agentbox::firewall::upstream {

class Channel;

/// What the name servers said of one name.
struct Resolution {
  std::vector<netlink::Address16> addresses; ///< unfiltered, in the order of the answer; at most 32
  std::string problem;                       ///< why there are none
};

/// Asks the host's name servers for the addresses of allowed names, over sockets with the firewall's mark. Answers are
/// kept as long as their TTL says, at most 30 s, and at most 1024 of them; the addresses are filtered by the caller
/// anew for each connection. Follows resolv.conf when it changes.
class Resolver {
public:
  Resolver(asio::io_context& context, std::filesystem::path resolv_conf, std::uint32_t mark);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  Resolver(Resolver&&) = delete;
  Resolver& operator=(Resolver&&) = delete;

  /// The addresses of canonical name `name`, IPv4 and IPv6. One query at a time for the same name.
  asio::awaitable<Resolution> resolve(const std::string& name);

private:
  struct Pending;
  struct Cached {
    Resolution resolution;
    std::chrono::steady_clock::time_point until;
  };
  struct Stamp {
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    std::uint64_t inode = 0;
    bool operator==(const Stamp&) const = default;
  };

  void follow_resolv_conf();
  void start(const std::string& name, const std::shared_ptr<Pending>& pending);
  void finish(const std::string& name, const std::shared_ptr<Pending>& pending, Resolution resolution, int ttl);

  asio::io_context& m_context;
  std::filesystem::path m_resolv_conf;
  std::uint32_t m_mark;
  Stamp m_stamp;
  std::chrono::steady_clock::time_point m_checked;
  std::string m_problem;
  std::shared_ptr<Channel> m_channel;
  std::map<std::string, Cached> m_cache;
  std::map<std::string, std::shared_ptr<Pending>> m_pending;
};

} // namespace agentbox::firewall::upstream
