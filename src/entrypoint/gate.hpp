// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

namespace agentbox::entrypoint {

/// Ends the process (126) unless the network is as the environment specifies.
/// AGENTBOX_NETWORK=filtered: within 2 s, or 30 s if the ruleset is in force already, the resolver at 127.0.0.1:53 must
/// answer gate.agentbox.internal. TXT with the nonce in AGENTBOX_GATE, and a TCP connection to 192.0.2.1:9 (TEST-NET-1,
/// unused) must be refused immediately, which only the firewall's ruleset does. AGENTBOX_NETWORK=full: no check; the
/// user chose it and was warned. Any other value, or none: the box was not started by agentbox.
void require_gate();

/// Returns whether AGENTBOX_NETWORK is "filtered": the box has a firewall.
bool is_filtered();

/// Ends the process (126) unless the firewall with `nonce` is in force, as for AGENTBOX_NETWORK=filtered.
void require_firewall(std::string_view nonce);

/// Returns whether the firewall has ended: nothing listens at 127.0.0.1:53, where no process without capabilities can.
/// Returns false for a firewall that is only slow.
bool firewall_has_ended();

} // namespace agentbox::entrypoint
