// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::firewall::upstream {

/// The name servers of a resolv.conf(5), at most three, as ares_set_servers_csv() reads them ("10.0.2.3",
/// "[fe80::1%2]"). Loopback ones are left out: inside the box that would be the firewall itself. Pure.
std::vector<std::string> name_servers(std::string_view resolv_conf);

} // namespace agentbox::firewall::upstream
