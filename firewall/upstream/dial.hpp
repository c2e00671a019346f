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

/// A connection to one of the addresses, or the error.
struct Dialled {
  std::optional<asio::ip::tcp::socket> socket; ///< non-blocking, TCP_NODELAY
  policy::Address16 address{};                 ///< the one that answered
  bool tried = false;                          ///< whether there was an address to try
  std::string problem;
};

/// Addresses of a host that arrive while others are being dialled.
class LateAddresses {
public:
  explicit LateAddresses(const asio::any_io_executor& executor);
  /// Sets all addresses, including those known before. Call once.
  void arrive(std::vector<policy::Address16> addresses);

private:
  friend class Dialler;
  bool m_complete = false;
  std::vector<policy::Address16> m_addresses;
  asio::steady_timer m_arrived; ///< never expires; cancelled by arrive()
};

struct Candidates {
  std::vector<policy::Address16> addresses;
  std::shared_ptr<LateAddresses> late; ///< may be empty
};

/// The service to connect to at each address.
struct Service {
  std::uint16_t port = 0;
  bool speaks_second = false; ///< our first bytes are ready and can go with the handshake's last packet
};

/// Time limits: until the next address is tried as well, for late addresses after all others have failed, and in
/// total.
struct DialLimits {
  std::chrono::milliseconds stagger{250}; // RFC 8305 §5
  std::chrono::milliseconds late{1000};
  std::chrono::milliseconds total{10'000};
};

/// Connects to `service` at one of these addresses, with `mark` on the sockets: one after the other, each with a head
/// start; the first that answers wins. IPv4 and IPv6 alternate. Late addresses join. `candidates` must outlive the
/// call.
asio::awaitable<Dialled> dial(const Candidates& candidates, Service service, std::uint32_t mark,
                              DialLimits limits = {});

using policy::address_text;

} // namespace agentbox::firewall::upstream
