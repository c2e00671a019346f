// SPDX-License-Identifier: Apache-2.0
// The first bytes of a connection: further bytes never change a decision, and whatever the strict parsers would accept
// always reaches them.
#include "firewall/http/request_head.hpp"
#include "firewall/proxy/first_bytes.hpp"
#include "firewall/tls/client_hello.hpp"
#include "require.hpp"

namespace http = agentbox::firewall::http;
namespace proxy = agentbox::firewall::proxy;
namespace tls = agentbox::firewall::tls;
using agentbox::fuzz::require;
using proxy::FirstBytes;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  const std::string_view bytes = agentbox::fuzz::text_of(data, size);
  const FirstBytes kind = proxy::classify_first_bytes(bytes);
  FirstBytes before = FirstBytes::undecided;
  for (std::size_t length = 0; length <= size; length = length < 32 ? length + 1 : length * 2) {
    const FirstBytes now = proxy::classify_first_bytes(bytes.substr(0, length));
    require(before == FirstBytes::undecided || now == before, "more bytes do not change what was decided");
    before = now;
  }
  require(before == FirstBytes::undecided || kind == before, "nor do all of them");
  require(kind != FirstBytes::undecided || size < http::k_max_head, "there is an end to waiting");
  if (tls::parse_client_hello(bytes).state == tls::ClientHello::State::complete) {
    require(kind == FirstBytes::tls, "a ClientHello is TLS");
  }
  if (http::parse_request_head(bytes).state == http::RequestHead::State::complete) {
    require(kind == FirstBytes::http, "a request is HTTP");
  }
  return 0;
}
