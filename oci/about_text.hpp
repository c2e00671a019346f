// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "policy/policy.hpp"

namespace agentbox::oci {

/// The program that starts the box. Only in a box that agentbox starts is there a box.json, and can the list of hosts
/// change while it runs.
enum class Launcher { agentbox, other };

/// Returns the entries that a box can reach, as in a list of hosts.
std::vector<std::string> reachable_hosts(const policy::EgressPolicy& egress);

/// Returns what an agent should know about its box: what is mounted, which hosts it reaches, what a failed connection
/// means and what to ask its user. Printable ASCII without quotes and backslashes, on one line. Nothing in it is
/// secret.
std::string about_text(const policy::PolicyFields& fields, Launcher launcher);

/// Returns Agent::about with about_text() in place of k_about_text.
std::vector<std::string> about_arguments(const policy::PolicyFields& fields, Launcher launcher);

} // namespace agentbox::oci
