// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <sys/types.h>

#include "support/fd.hpp"

namespace agentbox::oci::hook {

/// The firewall's process as the agent's config names it.
struct FirewallProcess {
  pid_t pid = 0;
  support::Fd pidfd; ///< readable when it is dead
};

/// Asserts about `config` (the agent's, as it will run) that it joins the network and the user namespace of one and
/// the same living process, and that this user namespace owns that network namespace and is not ours. A process in
/// the parent user namespace could flush the ruleset without any capability, if its uid is the namespace's owner.
/// Throws Error(refused).
FirewallProcess require_one_user_namespace(const nlohmann::json& config);

} // namespace agentbox::oci::hook
