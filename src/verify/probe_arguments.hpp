// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::verify {

/// What the probe must be told of a box: which limits it was given, and whether it has a firewall.
struct Expectations {
  bool filtered = true;
  std::uint64_t pids = 0;
  std::uint64_t memory = 0; ///< 0: no limit
  std::uint64_t shm = 0;
  std::uint64_t tmp = 0;

  bool operator==(const Expectations&) const = default;
};

/// agentbox-probe's arguments.
std::vector<std::string> probe_arguments(const Expectations& expectations);

/// The expectations that the configuration of a box's agent container (agent.json of its session) sets. Throws
/// support::Error(failed) when it lacks one.
Expectations expectations_of(std::string_view agent_config);

} // namespace agentbox::verify
