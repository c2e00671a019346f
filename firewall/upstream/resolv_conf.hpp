// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::firewall::upstream {

/// The name servers of a resolv.conf(5), at most three, as ares_set_servers_csv() reads them ("10.0.2.3",
/// "[fe80::1%2]"). Loopback ones are left out: inside the box that would be the firewall itself. Pure.
std::vector<std::string> name_servers(std::string_view resolv_conf);

/// The name servers where the host's resolv.conf is `host`, in a container where Podman wrote `container` at the start.
/// The host's loopback ones cannot be asked from here: in their place stands the forwarder that slirp4netns (10.0.2.3,
/// fd00::3) or pasta (169.254.1.1) offers, if `container` has one; it is also asked last. Others that only `container`
/// has are not the host's: Podman writes public ones where it finds none. At most six. Pure.
std::vector<std::string> name_servers_now(std::string_view host, std::string_view container);

} // namespace agentbox::firewall::upstream
