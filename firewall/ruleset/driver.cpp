// SPDX-License-Identifier: Apache-2.0
#include "firewall/ruleset/driver.hpp"

#include <string>

#include "firewall/ruleset/nft_driver.hpp"
#include "support/error.hpp"

namespace agentbox::firewall::ruleset {

std::unique_ptr<Driver> make_driver(policy::FirewallDriver kind) {
  switch (kind) {
  case policy::FirewallDriver::nftables: return std::make_unique<NftDriver>();
  case policy::FirewallDriver::iptables: break;
  }
  throw support::Error(support::ExitCode::usage,
                       "this firewall has no driver \"" + std::string(policy::driver_text(kind)) + "\"",
                       "use --driver nftables");
}

} // namespace agentbox::firewall::ruleset
