// SPDX-License-Identifier: Apache-2.0
// The kernel's messages about rejected packets, whose bytes the agent chose.
#include "firewall/nflog/packet.hpp"
#include "require.hpp"

namespace nflog = agentbox::firewall::nflog;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  const std::string_view bytes = agentbox::fuzz::text_of(data, size);
  const auto check = [](const nflog::Packet& packet) {
    agentbox::fuzz::require(!packet.address.empty() && packet.address.size() < 46 && !packet.protocol.empty(),
                            "a packet has an address and a protocol");
  };
  nflog::for_each_packet(bytes, check);
  if (const auto packet = nflog::parse_packet(bytes)) {
    check(*packet);
  }
  return 0;
}
