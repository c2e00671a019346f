// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firewall/io/await.hpp"
#include "firewall/upstream/lookup.hpp"

namespace agentbox::firewall::upstream {

class AresChannel;

/// The name servers' answer for one name.
struct Resolution {
  std::vector<policy::Address16> addresses; ///< unfiltered, IPv4 first
  std::string problem;                      ///< why there are none
  std::shared_ptr<Lookup> rest;             ///< set while one family's answer is pending
};

/// Resolves allowed names with the host's name servers, over sockets with the firewall's mark. Caches up to 1024
/// answers for their TTL, at most 30 s; the caller filters the addresses for each connection. Follows changes of its
/// own resolv.conf and of the host's, which the launcher passes on. A server that times out is moved to the end of the
/// list for a minute.
class Resolver {
public:
  /// Reads `passed_on` too: the launcher writes the host's resolv.conf there when it changes. It need not exist.
  Resolver(asio::io_context& context, std::filesystem::path resolv_conf, std::filesystem::path passed_on,
           std::uint32_t mark);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Returns the addresses of canonical name `name`, as soon as there are some to dial. Concurrent calls for a name
  /// share its queries.
  asio::awaitable<Resolution> resolve(const std::string& name);

private:
  using Clock = std::chrono::steady_clock;
  struct Stamp {
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    std::uint64_t inode = 0;
    bool operator==(const Stamp&) const = default;
  };

  static Stamp stamp_of(const std::filesystem::path& path);
  void follow_resolv_conf();
  void read_resolv_conf();
  void use(std::size_t first);
  void change_to(std::size_t first);
  bool make_room();
  void ask(const std::string& name, const std::shared_ptr<Lookup>& lookup, Lookup::Family family);
  void judge_server(const AresChannel* asked, const Lookup::FamilyAnswer& answer);

  asio::io_context& m_context;
  std::filesystem::path m_resolv_conf;
  std::filesystem::path m_passed_on;
  std::uint32_t m_mark;
  Stamp m_stamp;
  Stamp m_passed_on_stamp;
  std::optional<Clock::time_point> m_checked; ///< when the two files were last checked
  std::string m_problem;
  std::vector<std::string> m_servers; ///< as resolv.conf has them
  std::size_t m_first = 0;            ///< index of the one that is asked first
  Clock::time_point m_moved;          ///< when m_first was changed
  std::shared_ptr<AresChannel> m_channel;
  std::map<std::string, std::shared_ptr<Lookup>> m_lookups;
  std::shared_ptr<const void> m_open = std::make_shared<char>(); ///< each open query holds a reference
};

} // namespace agentbox::firewall::upstream
