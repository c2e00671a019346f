// SPDX-License-Identifier: Apache-2.0
#include "firewall/ruleset/driver.hpp"

#include "firewall/ruleset/iptables_driver.hpp"
#include "firewall/ruleset/nft_driver.hpp"

namespace agentbox::firewall::ruleset {

std::unique_ptr<Driver> make_driver(policy::FirewallDriver kind, const std::filesystem::path& scratch) {
  switch (kind) {
  case policy::FirewallDriver::nftables: return std::make_unique<NftDriver>();
  case policy::FirewallDriver::iptables: return std::make_unique<IptablesDriver>(scratch);
  }
  return nullptr;
}

} // namespace agentbox::firewall::ruleset
