// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <linux/netlink.h>
#include <string>
#include <string_view>
#include <vector>

#include "support/fd.hpp"

namespace agentbox::firewall::netlink {

/// One netlink request under construction: header, a fixed body, attributes.
class NetlinkRequest {
public:
  NetlinkRequest(std::uint16_t type, std::uint16_t flags);

  /// Appends a plain struct. Before any attribute.
  template <typename Body>
  NetlinkRequest& body(const Body& value) {
    return bytes(&value, sizeof value);
  }
  /// Appends attribute `type` with `size` bytes at `data`.
  NetlinkRequest& attribute(std::uint16_t type, const void* data, std::size_t size);
  template <typename Value>
  NetlinkRequest& attribute(std::uint16_t type, const Value& value) {
    return attribute(type, &value, sizeof value);
  }

  /// The message, with its length, `sequence` and further `flags` filled in.
  const std::vector<std::byte>& finish(std::uint32_t sequence, std::uint16_t flags);

private:
  NetlinkRequest& bytes(const void* data, std::size_t size);
  std::vector<std::byte> m_bytes;
};

/// A netlink socket (close-on-exec) bound to an address of the kernel's choice.
class NetlinkSocket {
public:
  /// `protocol`: NETLINK_ROUTE, NETLINK_NETFILTER. Throws support::Error(failed).
  explicit NetlinkSocket(int protocol);

  int fd() const noexcept { return m_fd.get(); }

  /// Sends `request` with NLM_F_ACK and waits for the answer: 0 or a positive errno value. Throws
  /// support::Error(failed).
  int acknowledge(NetlinkRequest request);

  /// Sends dump `request` and returns every message of the answer, with its header. Throws support::Error(failed), also
  /// when the kernel gives no consistent answer.
  std::vector<std::string> dump(NetlinkRequest request);

private:
  void send(NetlinkRequest& request, std::uint16_t flags);
  void receive(const std::function<bool(const nlmsghdr&)>& visit);
  support::Fd m_fd;
  std::uint32_t m_sequence = 0;
};

/// Calls `visit(type, payload)` for each attribute in `bytes`. Stops at the first malformed one.
void for_each_attribute(std::string_view bytes, const std::function<void(std::uint16_t, std::string_view)>& visit);

} // namespace agentbox::firewall::netlink
