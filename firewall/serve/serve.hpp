// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "firewall/serve/serve_options.hpp"

namespace agentbox::firewall::serve {

/// Runs a box's firewall until SIGTERM or SIGINT. In this order: rules loaded and read back, local and fallback routes,
/// DNS and proxy bound, privileges dropped, run/ready written. A failure writes run/failed and throws, with the rules
/// in force: even for a policy that cannot be parsed the box is closed first. Mode full: only run/ready.
void serve(const FirewallOptions& options);

/// Loads and verifies the rules.
void lock(const FirewallOptions& options);

/// Removes the rules.
void unload(const FirewallOptions& options);

/// Throws support::Error(failed) unless run/ready holds the nonce, that is, the firewall serves.
void require_ready(const FirewallOptions& options);

/// Returns the rules that would be loaded, as text.
std::string ruleset_text(const FirewallOptions& options);

} // namespace agentbox::firewall::serve
