// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>

#include "firewall/ruleset/driver.hpp"

namespace agentbox::firewall::ruleset {

/// iptables-restore and ip6tables-restore, for kernels and hosts where nftables' own interface is not to be used. The
/// programs are in the box's image if it was built for this driver (src/image/firewall_image.cpp), else the host's.
class IptablesDriver final : public Driver {
public:
  /// Needs `scratch`, a writable directory, for the programs' lock.
  explicit IptablesDriver(std::filesystem::path scratch) : m_scratch(std::move(scratch)) {}

  /// Returns both inputs, each after a line that names its program.
  std::string render(const Ruleset& ruleset) const override;
  void load(const Ruleset& ruleset) const override;
  void unload() const override;

private:
  std::filesystem::path m_scratch;
};

} // namespace agentbox::firewall::ruleset
