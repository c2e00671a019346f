// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "firewall/audit/audit_log.hpp"
#include "firewall/names/directory.hpp"
#include "firewall/netlink/route.hpp"
#include "firewall/proxy/pipe_pool.hpp"
#include "firewall/proxy/upload_budgets.hpp"
#include "firewall/upstream/resolver.hpp"

namespace agentbox::firewall::proxy {

/// Limits of the proxy.
struct ProxyLimits {
  std::size_t connections = 8192;             ///< further ones are reset immediately
  std::chrono::seconds handshake{10};         ///< from the connection to a whole ClientHello or request head
  std::chrono::seconds idle{3600};            ///< without a byte in either direction
  std::chrono::seconds half_closed_idle{300}; ///< the same once one side has finished sending
};

/// The addresses of this machine, read again from the kernel every few seconds, because networks change while a box
/// runs.
class OwnAddresses {
public:
  const std::vector<netlink::Address16>& get();

private:
  std::vector<netlink::Address16> m_addresses;
  std::optional<std::chrono::steady_clock::time_point> m_read;
};

/// The objects that all connections of a box share.
struct ProxyServices {
  std::string box;
  names::Directory& directory;
  upstream::Resolver& resolver;
  audit::AuditLog& log;
  OwnAddresses own_addresses;
  PipePool pipes;
  ProxyLimits limits;
  std::optional<policy::Address16> host_gateway; ///< reaches the host's loopback; not set if that is not allowed
  UploadBudgets uploads;
};

} // namespace agentbox::firewall::proxy
