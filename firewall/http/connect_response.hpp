// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace agentbox::firewall::http {

/// The reply of an upstream proxy to CONNECT.
struct ConnectResponse {
  enum class State {
    incomplete, ///< more bytes are needed
    accepted,   ///< status 2xx: bytes after the head come from the host
    refused,    ///< any other status
    invalid,    ///< not an HTTP response, or its head is too long
  };
  State state = State::incomplete;
  std::optional<unsigned> status; ///< 100 to 599, once the status line is complete
  std::size_t size = 0;           ///< bytes of the head, once it is complete
};

/// Maximum bytes of a response head; a longer one is invalid.
constexpr std::size_t k_max_connect_head = 8192;

/// Parses the response at the start of `bytes`. Pure.
ConnectResponse parse_connect_response(std::string_view bytes);

/// Returns the CONNECT request for `authority` ("api.example.com:443").
std::string connect_request(std::string_view authority);

} // namespace agentbox::firewall::http
