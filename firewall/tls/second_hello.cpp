// SPDX-License-Identifier: Apache-2.0
#include "firewall/tls/second_hello.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

namespace agentbox::firewall::tls {
namespace {

constexpr char k_change_cipher_spec = 20;
constexpr char k_alert = 21;
constexpr char k_handshake = 22;
constexpr char k_application_data = 23;
constexpr char k_server_hello = 2;
constexpr std::size_t k_random = 4 + 2; // after the message's header and version

/// SHA-256 of "HelloRetryRequest".
constexpr std::string_view k_retry = "\xCF\x21\xAD\x74\xE5\x9A\x61\x11\xBE\x1D\x8C\x02\x1E\x65\xB8\x91"
                                     "\xC2\xA2\x11\x16\x7A\xBB\x8C\x5E\x07\x9E\x09\xE2\xC8\xA8\x33\x9C";

/// Returns the length of the record at the start of `bytes`, without its header, which must be there.
std::size_t record_size(std::string_view bytes) {
  const auto byte = [&](std::size_t place) { return std::size_t{static_cast<std::uint8_t>(bytes[place])}; };
  return byte(3) << 8U | byte(4);
}

} // namespace

std::optional<bool> asks_again(std::string_view bytes) {
  std::string message; // it may be spread over records
  while (message.size() < k_random + k_retry.size()) {
    if (!bytes.empty() && bytes.front() != k_handshake) {
      return false;
    }
    if (bytes.size() < k_record_header) {
      return std::nullopt;
    }
    const std::size_t size = record_size(bytes);
    if (size == 0) {
      return true; // endless ones would never tell
    }
    message += bytes.substr(k_record_header, size);
    if (!message.empty() && message.front() != k_server_hello) {
      return false;
    }
    bytes.remove_prefix(std::min(bytes.size(), k_record_header + size));
  }
  return message.compare(k_random, k_retry.size(), k_retry) == 0;
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
    at += k_record_header + record_size(bytes.substr(at));
  }
  if (bytes.size() > k_max_second) {
    hello.state = ClientHello::State::invalid;
    hello.problem = "no second ClientHello follows a HelloRetryRequest";
  }
  return hello;
}

} // namespace agentbox::firewall::tls
