// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <string>

#include "oci/hook/session_directory.hpp"
#include "support/fd.hpp"

namespace agentbox::oci::hook {

/// Returns as soon as run/ready contains `nonce`: the firewall's rules, DNS and proxy are up. Throws Error(refused)
/// with the firewall's own message if it failed (run/failed) or ended (`pidfd`), for another nonce, and after
/// `deadline`.
void wait_until_ready(const SessionDirectory& session, const std::string& nonce, const support::Fd& pidfd,
                      std::chrono::milliseconds deadline);

} // namespace agentbox::oci::hook
