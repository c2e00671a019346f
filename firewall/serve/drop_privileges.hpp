// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::firewall::serve {

/// Throws support::Error(failed), naming the missing capability, unless CAP_NET_ADMIN and, with `to_bind`,
/// CAP_NET_BIND_SERVICE are effective.
void require_capabilities(bool to_bind);

/// Drops all privileges that are not needed after the sockets are bound: every capability except, with
/// `keep_net_admin`, CAP_NET_ADMIN in the effective and permitted sets (for the mark of upstream sockets). Sets
/// no_new_privs; forbids core dumps and tracing by the same user. Throws support::Error(failed).
void drop_privileges(bool keep_net_admin);

/// Raises the soft limit on open files to the hard one, and returns it. Throws support::Error(failed).
unsigned long raise_open_files();

} // namespace agentbox::firewall::serve
