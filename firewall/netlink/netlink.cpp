// SPDX-License-Identifier: Apache-2.0
#include "firewall/netlink/netlink.hpp"

#include <cerrno>

#include "support/error.hpp"

namespace agentbox::firewall::netlink {
namespace {

using support::ExitCode;

constexpr std::size_t k_buffer = 32768; // the kernel never sends a larger dump message
constexpr int k_max_dumps = 10;         // a dump is repeated if the table changed during it

} // namespace

NetlinkRequest::NetlinkRequest(std::uint16_t type, std::uint16_t flags) {
  mnl_nlmsg_put_header(m_buffer.data());
  header()->nlmsg_type = type;
  header()->nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
}

NetlinkSocket::NetlinkSocket(int protocol) : m_socket(mnl_socket_open2(protocol, SOCK_CLOEXEC)) {
  if (!m_socket || mnl_socket_bind(m_socket.get(), 0, MNL_SOCKET_AUTOPID) != 0) {
    throw support::system_error(ExitCode::failed, "cannot open a netlink socket", errno);
  }
}

int NetlinkSocket::exchange(NetlinkRequest& request, unsigned flags, mnl_cb_t visit, void* data) {
  nlmsghdr* const header = request.header();
  header->nlmsg_seq++; // libmnl compares it with that of the answer
  header->nlmsg_flags = static_cast<std::uint16_t>(header->nlmsg_flags | flags);
  ssize_t bytes = mnl_socket_sendto(m_socket.get(), header, header->nlmsg_len);
  int status = MNL_CB_OK;
  alignas(nlmsghdr) std::array<char, k_buffer> buffer{};
  while (bytes >= 0 && status == MNL_CB_OK) {
    bytes = TEMP_FAILURE_RETRY(mnl_socket_recvfrom(m_socket.get(), buffer.data(), buffer.size()));
    status = bytes < 0 ? MNL_CB_ERROR
                       : mnl_cb_run(buffer.data(), static_cast<std::size_t>(bytes), header->nlmsg_seq,
                                    mnl_socket_get_portid(m_socket.get()), visit, data);
  }
  return status == MNL_CB_STOP ? 0 : errno;
}

std::vector<std::string> dump(NetlinkRequest& request) {
  const auto keep = [](const nlmsghdr* header, void* messages) -> int {
    static_cast<std::vector<std::string>*>(messages)->emplace_back(reinterpret_cast<const char*>(header),
                                                                   header->nlmsg_len);
    return MNL_CB_OK;
  };
  int error = EINTR; // libmnl's error for an inconsistent dump
  for (int i = 0; i < k_max_dumps && error == EINTR; ++i) {
    std::vector<std::string> messages;
    error = NetlinkSocket(NETLINK_ROUTE).exchange(request, NLM_F_DUMP, keep, &messages);
    if (error == 0) {
      return messages;
    }
  }
  throw support::system_error(ExitCode::failed, "cannot list addresses or routes over netlink", error);
}

} // namespace agentbox::firewall::netlink
