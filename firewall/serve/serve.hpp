// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "firewall/serve/serve_options.hpp"

namespace agentbox::firewall::serve {

/// The whole life of a box's firewall. In order, each step only after the one before it: rules in force and read back,
/// local route, DNS and proxy bound, privileges given up, run/ready written; then the event loop until SIGTERM or
/// SIGINT. Whatever fails ends in run/failed and an Error, with the rules in force: also a policy that does not parse
/// closes the box first. Mode full: only run/ready and the wait.
void serve(const FirewallOptions& options);

/// Loads the rules and verifies them.
void lock(const FirewallOptions& options);

/// Takes the rules out again.
void unload(const FirewallOptions& options);

/// Throws support::Error(failed) unless run/ready holds the nonce: rules, DNS and proxy of that firewall are up.
void require_ready(const FirewallOptions& options);

/// What would be loaded.
std::string ruleset_text(const FirewallOptions& options);

} // namespace agentbox::firewall::serve
