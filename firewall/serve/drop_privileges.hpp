// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agentbox::firewall::serve {

/// Throws support::Error(failed), saying which one, unless CAP_NET_ADMIN is effective, and CAP_NET_BIND_SERVICE too
/// when `to_bind`.
void require_capabilities(bool to_bind);

/// Gives up for good all that is not needed after the sockets are bound: keeps CAP_NET_ADMIN in the effective and
/// permitted sets if `keep_net_admin` (for the mark of upstream sockets) and nothing else anywhere; no new privileges;
/// no core dumps and no tracing by processes of the same user. Throws support::Error(failed).
void drop_privileges(bool keep_net_admin);

/// Raises the soft limit of open files to the hard one, and returns it.
unsigned long raise_open_files();

} // namespace agentbox::firewall::serve
