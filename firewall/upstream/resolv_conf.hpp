// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::firewall::upstream {

/// Returns the name servers of a resolv.conf(5), at most three, in the syntax of ares_set_servers_csv(3) ("10.0.2.3",
/// "[fe80::1%2]"). Omits loopback addresses: in the box those are the firewall itself. Pure.
std::vector<std::string> name_servers(std::string_view resolv_conf);

/// Returns the name servers to ask when the host's resolv.conf is `host` and Podman wrote `container` at the start. At
/// most six. The host's loopback servers are unreachable from the box, so the forwarder of slirp4netns (10.0.2.3,
/// fd00::3) or pasta (169.254.1.1) replaces them, if `container` names it; it is always asked last too. Other servers
/// that only `container` names are not the host's (Podman writes public ones if it finds none) and are left out. Pure.
std::vector<std::string> name_servers_now(std::string_view host, std::string_view container);

} // namespace agentbox::firewall::upstream
