// SPDX-License-Identifier: Apache-2.0
// The response of an upstream proxy.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "firewall/http/connect_response.hpp"
#include "require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using agentbox::firewall::http::ConnectResponse;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto whole = agentbox::firewall::http::parse_connect_response(text);
  const bool complete =
      whole.state == ConnectResponse::State::accepted || whole.state == ConnectResponse::State::refused;
  agentbox::fuzz::require(!complete ||
                              (whole.size <= size && whole.status && *whole.status >= 100 && *whole.status <= 599),
                          "a complete head is within the bytes");
  // However the bytes are split, the result is the same as soon as the response is complete.
  if (complete) {
    const auto exact = agentbox::firewall::http::parse_connect_response(text.substr(0, whole.size));
    agentbox::fuzz::require(exact.state == whole.state && exact.size == whole.size,
                            "what follows the head changes nothing");
  }
  return 0;
}
