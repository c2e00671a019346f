// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <sys/types.h>

#include "support/fd.hpp"

namespace agentbox::oci::hook {

/// The firewall's process, as named by the agent's config.
struct FirewallProcess {
  pid_t pid = 0;
  support::Fd pidfd; ///< readable when it has ended
};

/// Checks that `config` (the agent's) joins the network and user namespaces of one living process, and that this user
/// namespace owns the network namespace and is not the hook's own. A process in the parent user namespace could flush
/// the ruleset without any capability if its uid is the namespace's owner. Returns the process, which is alive after
/// the checks. Throws Error(refused).
FirewallProcess require_one_user_namespace(const nlohmann::json& config);

} // namespace agentbox::oci::hook
