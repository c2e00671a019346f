// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <libmnl/libmnl.h>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::firewall::netlink {

/// One netlink request under construction: a fixed body, then attributes (mnl_attr_put_u32 and the like on `header()`).
class NetlinkRequest {
public:
  NetlinkRequest(std::uint16_t type, std::uint16_t flags);

  /// Appends the fixed body, all zeros.
  template <typename Body>
  Body& body() {
    return *static_cast<Body*>(mnl_nlmsg_put_extra_header(header(), sizeof(Body)));
  }
  nlmsghdr* header() noexcept { return reinterpret_cast<nlmsghdr*>(m_buffer.data()); }

private:
  alignas(nlmsghdr) std::array<char, 256> m_buffer{};
};

/// A netlink socket (close-on-exec) bound to an address of the kernel's choice.
class NetlinkSocket {
public:
  /// Opens a socket of `protocol` (NETLINK_ROUTE, NETLINK_NETFILTER). Throws support::Error(failed).
  explicit NetlinkSocket(int protocol);

  int fd() const noexcept { return mnl_socket_get_fd(m_socket.get()); }

  /// Sends `request` with additional `flags`, and calls `visit(message, data)` for each message of the answer. Returns
  /// 0 or a positive errno value.
  int exchange(NetlinkRequest& request, unsigned flags = NLM_F_ACK, mnl_cb_t visit = nullptr, void* data = nullptr);

private:
  struct Close {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };
  std::unique_ptr<mnl_socket, Close> m_socket;
};

/// Sends dump `request` to NETLINK_ROUTE and returns every message of the answer, with its header. Throws
/// support::Error(failed), including when the kernel gives no consistent answer.
std::vector<std::string> dump(NetlinkRequest& request);

/// Calls `visit(type, payload)` for each attribute after the fixed body of `message`, which is `body` bytes long. Stops
/// at the first malformed one.
template <typename Visit>
void for_each_attribute(const nlmsghdr* message, unsigned body, Visit visit) {
  const auto pass_on = [](const nlattr* attribute, void* to) -> int {
    const auto* const bytes = static_cast<const char*>(mnl_attr_get_payload(attribute));
    (*static_cast<Visit*>(to))(mnl_attr_get_type(attribute),
                               std::string_view(bytes, mnl_attr_get_payload_len(attribute)));
    return MNL_CB_OK;
  };
  mnl_attr_parse(message, body, pass_on, &visit);
}

} // namespace agentbox::firewall::netlink
