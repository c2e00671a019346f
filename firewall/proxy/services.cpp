// SPDX-License-Identifier: Apache-2.0
#include "firewall/proxy/services.hpp"

namespace agentbox::firewall::proxy {

const std::vector<netlink::Address16>& OwnAddresses::get() {
  constexpr std::chrono::seconds k_max_age{5};
  const auto now = std::chrono::steady_clock::now();
  if (!m_read || now - *m_read > k_max_age) {
    m_addresses = netlink::own_addresses();
    m_read = now;
  }
  return m_addresses;
}

} // namespace agentbox::firewall::proxy
