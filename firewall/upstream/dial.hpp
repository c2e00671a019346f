// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firewall/io/await.hpp"
#include "policy/address.hpp"

namespace agentbox::firewall::upstream {

/// A connection to one of the addresses, or why there is none.
struct Dialled {
  std::optional<asio::ip::tcp::socket> socket; ///< non-blocking, TCP_NODELAY
  policy::Address16 address{};                 ///< the one that answered
  bool tried = false;                          ///< whether there was an address at all
  std::string problem;
};

/// Addresses of the same host that come while others are dialled already.
class LateAddresses {
public:
  explicit LateAddresses(const asio::any_io_executor& executor);
  /// All addresses, those that were there before as well. Once.
  void arrive(std::vector<policy::Address16> addresses);

private:
  friend class Dialler;
  bool m_complete = false;
  std::vector<policy::Address16> m_addresses;
  asio::steady_timer m_arrived; ///< never runs out; cancelled by arrive()
};

struct Candidates {
  std::vector<policy::Address16> addresses;
  std::shared_ptr<LateAddresses> late; ///< may be empty
};

/// What is connected to at each address.
struct Service {
  std::uint16_t port = 0;
  bool speaks_second = false; ///< we have bytes for it at once, and they can go with the handshake's last packet
};

/// How long an address is waited for before the next one is tried as well, how long late ones once every other has
/// failed, and how long all of them together.
struct DialLimits {
  std::chrono::milliseconds stagger{250}; // RFC 8305 §5
  std::chrono::milliseconds late{1000};
  std::chrono::milliseconds total{10'000};
};

/// Connects to `service` at exactly these addresses, with `mark` on the sockets: one after the other, each given a head
/// start, the first that answers wins. IPv4 and IPv6 take turns. Late addresses join. `candidates` must live until
/// then.
asio::awaitable<Dialled> dial(const Candidates& candidates, Service service, std::uint32_t mark,
                              DialLimits limits = {});

using policy::address_text;

} // namespace agentbox::firewall::upstream
