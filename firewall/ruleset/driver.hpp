// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "firewall/ruleset/model.hpp"
#include "policy/egress.hpp"

namespace agentbox::firewall::ruleset {

/// One way of getting a ruleset into the kernel. All drivers give the same verdicts for the same model.
class Driver {
public:
  Driver() = default;
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  Driver(Driver&&) = delete;
  Driver& operator=(Driver&&) = delete;
  virtual ~Driver() = default;

  /// What load() would hand to the kernel, in the driver's own language. Pure.
  virtual std::string render(const Ruleset& ruleset) const = 0;

  /// Replaces the box's ruleset in one transaction, reads it back and compares. Throws support::Error(failed); the
  /// ruleset that stood before is then still in force.
  virtual void load(const Ruleset& ruleset) const = 0;

  /// Takes the box's ruleset out again, so that nothing of it is left. Throws support::Error(failed).
  virtual void unload() const = 0;
};

/// The driver for `kind`. `scratch`: a folder of the firewall's own that can be written.
std::unique_ptr<Driver> make_driver(policy::FirewallDriver kind, const std::filesystem::path& scratch);

} // namespace agentbox::firewall::ruleset
