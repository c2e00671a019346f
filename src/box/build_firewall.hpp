// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "image/build_confinement.hpp"
#include "podman/installation.hpp"
#include "podman/podman.hpp"
#include "podman/podman_info.hpp"
#include "policy/egress.hpp"

namespace agentbox::box {

/// Settings that the confinement of an image's build depends on, besides the base.
struct BuildNetwork {
  policy::FirewallDriver driver = policy::FirewallDriver::nftables;
  policy::EgressPolicy egress;                 ///< of boxes: its blocked hosts and its proxy apply to builds too
  std::vector<policy::AllowEntry> allow_hosts; ///< build.allow_hosts
  bool full = false;                           ///< build --full-network
};

/// Returns the function that confines an image's build; `firewall_image` is an ID. The firewall is a session
/// "image-build" without an agent: the same pod, policy, hook and audit log as a box's, but in Podman's own user
/// namespace, where `podman build` runs programs. They are root there, with protocol::k_build_capabilities only: none
/// that changes the rules.
image::MakeBuildConfinement make_build_confinement(const podman::Podman& podman, const podman::PodmanInfo& info,
                                                   const podman::Installation& installation,
                                                   const std::string& firewall_image, BuildNetwork network);

} // namespace agentbox::box
