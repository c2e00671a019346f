// SPDX-License-Identifier: Apache-2.0
#include "firewall/upstream/address_filter.hpp"

#include <algorithm>

namespace agentbox::firewall::upstream {

std::string_view refusal(const Address16& address, bool private_allowed, const policy::VirtualRange& range,
                         const std::vector<Address16>& own) {
  if (const auto inner = policy::embedded4(address); inner && ((*inner ^ range.base) >> (32U - range.prefix)) == 0) {
    return "is in the box's own virtual range";
  }
  if (std::find(own.begin(), own.end(), address) != own.end()) {
    return "is an address of the host";
  }
  switch (classify(address)) {
  case AddressClass::global: return {};
  case AddressClass::private_use: return private_allowed ? std::string_view() : "is a private address";
  case AddressClass::forbidden: break;
  }
  return "is a loopback, link-local, multicast or reserved address";
}

} // namespace agentbox::firewall::upstream
