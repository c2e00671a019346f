// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "policy/policy.hpp"

namespace agentbox::oci {

/// A change that the user made to the list of hosts of a running box.
struct HostChange {
  std::string host; ///< as in a list of hosts; a denial without a port covers every port
  bool allow = false;
  std::string until; ///< RFC 3339, UTC; empty: as long as the box runs

  bool operator==(const HostChange&) const = default;
};

/// Returns box.json, which programs in the box read (agentbox(1)). Contains no host path, value of a variable or
/// credential.
std::string box_file(const policy::PolicyFields& fields, const std::vector<HostChange>& changes);

} // namespace agentbox::oci
