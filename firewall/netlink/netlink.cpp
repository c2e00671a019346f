// SPDX-License-Identifier: Apache-2.0
#include "firewall/netlink/netlink.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <utility>

#include "support/error.hpp"

namespace agentbox::firewall::netlink {
namespace {

using support::ExitCode;

constexpr std::size_t k_buffer = 32768; // the kernel never sends a larger dump message
constexpr int k_max_dumps = 10;         // a dump is repeated if the table changed meanwhile

/// The error in `header`, an NLMSG_ERROR or NLMSG_DONE message, as a positive errno value; 0: success.
int error_of(const nlmsghdr& header) {
  int error = 0;
  if (header.nlmsg_len >= NLMSG_LENGTH(sizeof error)) {
    std::memcpy(&error, reinterpret_cast<const char*>(&header) + NLMSG_HDRLEN, sizeof error);
  }
  return -error;
}

} // namespace

NetlinkRequest::NetlinkRequest(std::uint16_t type, std::uint16_t flags) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
  bytes(&header, sizeof header);
}

NetlinkRequest& NetlinkRequest::bytes(const void* data, std::size_t size) {
  const std::size_t offset = m_bytes.size();
  m_bytes.resize(offset + NLMSG_ALIGN(size));
  std::memcpy(m_bytes.data() + offset, data, size);
  return *this;
}

NetlinkRequest& NetlinkRequest::attribute(std::uint16_t type, const void* data, std::size_t size) {
  rtattr header{};
  header.rta_type = type;
  header.rta_len = static_cast<std::uint16_t>(RTA_LENGTH(size));
  bytes(&header, sizeof header);
  return bytes(data, size);
}

const std::vector<std::byte>& NetlinkRequest::finish(std::uint32_t sequence, std::uint16_t flags) {
  nlmsghdr header{};
  std::memcpy(&header, m_bytes.data(), sizeof header);
  header.nlmsg_len = static_cast<std::uint32_t>(m_bytes.size());
  header.nlmsg_seq = sequence;
  header.nlmsg_flags = static_cast<std::uint16_t>(header.nlmsg_flags | flags);
  std::memcpy(m_bytes.data(), &header, sizeof header);
  return m_bytes;
}

NetlinkSocket::NetlinkSocket(int protocol) : m_fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)) {
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (!m_fd || ::bind(m_fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw support::system_error(ExitCode::failed, "cannot open a netlink socket", errno);
  }
}

void NetlinkSocket::send(NetlinkRequest& request, std::uint16_t flags) {
  const auto& message = request.finish(++m_sequence, flags);
  if (::send(m_fd.get(), message.data(), message.size(), 0) < 0) {
    throw support::system_error(ExitCode::failed, "cannot send to the kernel over netlink", errno);
  }
}

/// Calls `visit` for each message of the answer until it returns false.
void NetlinkSocket::receive(const std::function<bool(const nlmsghdr&)>& visit) {
  alignas(nlmsghdr) std::array<char, k_buffer> buffer{};
  for (;;) {
    const ssize_t got = ::recv(m_fd.get(), buffer.data(), buffer.size(), MSG_TRUNC); // the length of the whole message
    if (got < 0 && errno == EINTR) {
      continue;
    }
    const int error = got < 0 ? errno : static_cast<std::size_t>(got) > buffer.size() ? EMSGSIZE : 0;
    if (error != 0) {
      throw support::system_error(ExitCode::failed, "cannot read from the kernel over netlink", error);
    }
    auto left = static_cast<std::size_t>(got);
    for (auto* header = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_seq == m_sequence && !visit(*header)) {
        return;
      }
    }
  }
}

int NetlinkSocket::acknowledge(NetlinkRequest request) {
  send(request, NLM_F_ACK);
  int error = 0;
  receive([&](const nlmsghdr& header) {
    error = header.nlmsg_type == NLMSG_ERROR ? error_of(header) : 0;
    return header.nlmsg_type != NLMSG_ERROR;
  });
  return error;
}

std::vector<std::string> NetlinkSocket::dump(NetlinkRequest request) {
  int error = EINTR;
  for (int i = 0; i < k_max_dumps && error == EINTR; ++i) {
    std::vector<std::string> messages;
    bool consistent = true;
    send(request, NLM_F_DUMP);
    receive([&](const nlmsghdr& header) {
      consistent = consistent && (header.nlmsg_flags & NLM_F_DUMP_INTR) == 0;
      const bool last = header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR;
      if (last) {
        error = error_of(header);
      } else {
        messages.emplace_back(reinterpret_cast<const char*>(&header), header.nlmsg_len);
      }
      return !last;
    });
    if (error == 0 && consistent) {
      return messages;
    }
    error = error == 0 ? EINTR : error;
  }
  throw support::system_error(ExitCode::failed, "cannot list addresses or routes over netlink", error);
}

void for_each_attribute(std::string_view bytes, const std::function<void(std::uint16_t, std::string_view)>& visit) {
  while (bytes.size() >= sizeof(rtattr)) {
    rtattr header{};
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.rta_len < sizeof header || header.rta_len > bytes.size()) {
      return;
    }
    visit(static_cast<std::uint16_t>(header.rta_type & NLA_TYPE_MASK),
          bytes.substr(sizeof header, header.rta_len - sizeof header));
    bytes.remove_prefix(std::min<std::size_t>(RTA_ALIGN(header.rta_len), bytes.size()));
  }
}

} // namespace agentbox::firewall::netlink
