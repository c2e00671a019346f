// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oci/hook/box_namespaces.hpp"

namespace agentbox::oci::hook {

/// Lets the box's user namespace use at most half of the host user's inotify instances and watches: these are one quota
/// for everything that the user runs. Does nothing where that cannot be set, since it protects availability only.
void limit_inotify(const FirewallProcess& firewall) noexcept;

} // namespace agentbox::oci::hook
