// SPDX-License-Identifier: Apache-2.0
// The host's resolv.conf.
#include "firewall/upstream/resolv_conf.hpp"
#include "require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  const auto servers = agentbox::firewall::upstream::name_servers(agentbox::fuzz::text_of(data, size));
  agentbox::fuzz::require(servers.size() <= 3, "there are at most three");
  for (const std::string& server : servers) {
    agentbox::fuzz::require(!server.empty() && server.find(',') == std::string::npos, "a server is one word of a list");
  }
  return 0;
}
