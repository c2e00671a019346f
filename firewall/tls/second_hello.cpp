// SPDX-License-Identifier: Apache-2.0
#include "firewall/tls/second_hello.hpp"

#include <cstddef>
#include <cstdint>

namespace agentbox::firewall::tls {
namespace {

constexpr char k_change_cipher_spec = 20;
constexpr char k_alert = 21;
constexpr char k_handshake = 22;
constexpr char k_application_data = 23;
constexpr char k_server_hello = 2;
constexpr std::size_t k_random = k_record_header + 4 + 2; // behind the message's header and version

/// SHA-256 of "HelloRetryRequest".
constexpr std::string_view k_retry = "\xCF\x21\xAD\x74\xE5\x9A\x61\x11\xBE\x1D\x8C\x02\x1E\x65\xB8\x91"
                                     "\xC2\xA2\x11\x16\x7A\xBB\x8C\x5E\x07\x9E\x09\xE2\xC8\xA8\x33\x9C";

} // namespace

std::optional<bool> asks_again(std::string_view bytes) {
  if ((!bytes.empty() && bytes.front() != k_handshake) ||
      (bytes.size() > k_record_header && bytes[k_record_header] != k_server_hello)) {
    return false;
  }
  if (bytes.size() < k_random + k_retry.size()) {
    return std::nullopt;
  }
  return bytes.substr(k_random, k_retry.size()) == k_retry;
}

ClientHello parse_second_hello(std::string_view bytes) {
  ClientHello hello;
  std::size_t at = 0;
  while (bytes.size() >= at + k_record_header && bytes.size() <= k_max_second) {
    const char type = bytes[at];
    if (type == k_handshake) {
      return parse_client_hello(bytes.substr(at));
    }
    if (type != k_change_cipher_spec && type != k_alert && type != k_application_data) {
      hello.state = ClientHello::State::invalid;
      hello.problem = "the bytes after a HelloRetryRequest are not TLS";
      return hello;
    }
    const auto byte = [&](std::size_t place) { return std::size_t{static_cast<std::uint8_t>(bytes[at + place])}; };
    at += k_record_header + (byte(3) << 8U | byte(4));
  }
  if (bytes.size() > k_max_second) {
    hello.state = ClientHello::State::invalid;
    hello.problem = "no second ClientHello follows a HelloRetryRequest";
  }
  return hello;
}

} // namespace agentbox::firewall::tls
