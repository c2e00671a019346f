// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "firewall/serve/serve_options.hpp"

namespace agentbox::firewall::serve {

/// Runs a box's firewall until SIGTERM, SIGINT or the end of the leash. In this order: loads the rules and reads them
/// back, adds local and fallback routes, binds DNS and proxy, drops privileges, writes run/ready. On failure writes
/// run/failed and throws, with the box closed, even if the policy cannot be parsed. Mode full: only run/ready.
void serve(const FirewallOptions& options);

/// Loads and verifies the rules.
void lock(const FirewallOptions& options);

/// Removes the rules.
void unload(const FirewallOptions& options);

/// Throws support::Error(failed) unless run/ready contains the nonce, that is, unless the firewall is serving.
void require_ready(const FirewallOptions& options);

/// Returns the rules that would be loaded, as text.
std::string ruleset_text(const FirewallOptions& options);

} // namespace agentbox::firewall::serve
