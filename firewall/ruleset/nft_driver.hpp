// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "firewall/ruleset/driver.hpp"

namespace agentbox::firewall::ruleset {

/// nftables' JSON interface, through agentbox-nft, which is in the same directory as this program.
class NftDriver final : public Driver {
public:
  std::string render(const Ruleset& ruleset) const override;
  void load(const Ruleset& ruleset) const override;
  void unload() const override;
};

} // namespace agentbox::firewall::ruleset
