// SPDX-License-Identifier: Apache-2.0
#include "firewall/nflog/listener.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <sys/socket.h>
#include <utility>

#include "support/error.hpp"

namespace agentbox::firewall::nflog {
namespace {

using support::ExitCode;

constexpr std::uint32_t k_copy_bytes = 96;       // an IPv6 header and ports
constexpr std::uint32_t k_flush_hundredths = 10; // a denied packet is reported within 0.1 s
constexpr std::uint32_t k_flush_packets = 8;

/// Returns a request to configure `group`, whose attributes follow.
netlink::NetlinkRequest config(std::uint16_t group) {
  netlink::NetlinkRequest request((NFNL_SUBSYS_ULOG << 8U) | NFULNL_MSG_CONFIG, 0);
  request.body<nfgenmsg>().res_id = htons(group);
  return request;
}

void send(netlink::NetlinkSocket& socket, netlink::NetlinkRequest& request) {
  if (const int error = socket.exchange(request); error != 0) {
    throw support::system_error(ExitCode::failed, "cannot listen for rejected packets (NFLOG)", error,
                                "the host's kernel needs the module nfnetlink_log");
  }
}

} // namespace

Listener::Listener(asio::io_context& context, std::uint16_t group, Seen seen)
    : m_context(context), m_socket(NETLINK_NETFILTER), m_descriptor(context), m_seen(std::move(seen)) {
  nfulnl_msg_config_cmd bind{};
  bind.command = NFULNL_CFG_CMD_BIND;
  netlink::NetlinkRequest bind_request = config(group);
  mnl_attr_put(bind_request.header(), NFULA_CFG_CMD, sizeof bind, &bind);
  send(m_socket, bind_request);

  nfulnl_msg_config_mode mode{};
  mode.copy_range = htonl(k_copy_bytes);
  mode.copy_mode = NFULNL_COPY_PACKET;
  netlink::NetlinkRequest mode_request = config(group);
  mnl_attr_put(mode_request.header(), NFULA_CFG_MODE, sizeof mode, &mode);
  mnl_attr_put_u32(mode_request.header(), NFULA_CFG_TIMEOUT, htonl(k_flush_hundredths));
  mnl_attr_put_u32(mode_request.header(), NFULA_CFG_QTHRESH, htonl(k_flush_packets));
  send(m_socket, mode_request);

  const int copy = ::fcntl(m_socket.fd(), F_DUPFD_CLOEXEC, 3);
  if (copy < 0) {
    throw support::system_error(ExitCode::failed, "cannot duplicate a descriptor", errno);
  }
  m_descriptor.assign(copy);
}

void Listener::start() {
  io::keep_running(m_context, [this] { return loop(); });
}

asio::awaitable<void> Listener::loop() {
  alignas(nlmsghdr) std::array<char, 16384> buffer{};
  for (;;) {
    const auto [error] = co_await m_descriptor.async_wait(asio::posix::stream_descriptor::wait_read, io::k_await);
    if (error) {
      co_return;
    }
    // Other processes can send here too; only the kernel has port ID 0.
    sockaddr_nl sender{};
    socklen_t size = sizeof sender;
    const ssize_t got = ::recvfrom(m_socket.fd(), buffer.data(), buffer.size(), MSG_DONTWAIT,
                                   reinterpret_cast<sockaddr*>(&sender), &size);
    if (got > 0 && sender.nl_pid == 0) {
      for_each_packet({buffer.data(), static_cast<std::size_t>(got)}, m_seen);
    }
  }
}

} // namespace agentbox::firewall::nflog
