// SPDX-License-Identifier: Apache-2.0
// The start of a TLS connection: a complete message is incomplete without its last byte, and the name that is found
// is in the bytes.
#include "firewall/tls/client_hello.hpp"
#include "firewall/tls/second_hello.hpp"
#include "require.hpp"

namespace tls = agentbox::firewall::tls;
using agentbox::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  const std::string_view bytes = agentbox::fuzz::text_of(data, size);
  const tls::ClientHello hello = tls::parse_client_hello(bytes);
  require((hello.state == tls::ClientHello::State::invalid) == !hello.problem.empty(), "a refusal has a reason");
  require(hello.state != tls::ClientHello::State::incomplete || size < tls::k_max_hello, "there is an end to waiting");
  if (hello.state == tls::ClientHello::State::complete) {
    const std::size_t half = size / 2;
    require(tls::parse_client_hello(bytes.substr(0, half)).state != tls::ClientHello::State::invalid,
            "a good hello is good from its first byte on");
    require(hello.size <= size, "a hello is a part of the bytes");
    require(tls::parse_second_hello(bytes).sni == hello.sni, "a hello reads the same the second time");
    require(!hello.sni || !hello.sni->empty(), "a name is there or not");
  }
  require(tls::asks_again(bytes).has_value() || size < tls::k_max_first, "a server's first bytes are enough");
  require(tls::parse_second_hello(bytes).state != tls::ClientHello::State::incomplete || size <= tls::k_max_second,
          "there is an end to waiting for a second one");
  return 0;
}
