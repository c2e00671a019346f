// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "firewall/ruleset/model.hpp"
#include "policy/egress.hpp"

namespace agentbox::firewall::ruleset {

/// Loads rulesets into the kernel. All drivers give the same verdicts for the same model.
class Driver {
public:
  Driver() = default;
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  virtual ~Driver() = default;

  /// Returns what load() hands to the kernel, in the driver's own language, for people to read. Pure.
  virtual std::string render(const Ruleset& ruleset) const = 0;

  /// Replaces the box's ruleset in one transaction (iptables: one per table and family), reads it back and compares
  /// every rule. Throws support::Error(failed) if the kernel refused it (the old one stays) or has a different one
  /// afterwards. The caller must not continue.
  virtual void load(const Ruleset& ruleset) const = 0;

  /// Removes the box's ruleset. Throws support::Error(failed).
  virtual void unload() const = 0;
};

/// Returns the driver for `kind`. `scratch`: a writable directory that only the firewall uses.
std::unique_ptr<Driver> make_driver(policy::FirewallDriver kind, const std::filesystem::path& scratch);

} // namespace agentbox::firewall::ruleset
