// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace agentbox::firewall::http {

/// What an upstream proxy says to a CONNECT.
struct ConnectResponse {
  enum class State {
    incomplete, ///< more bytes are needed
    accepted,   ///< a status of 2xx: what follows the head is the host's
    refused,    ///< another status
    invalid,    ///< no HTTP response, or one whose head is too long
  };
  State state = State::incomplete;
  unsigned status = 0;  ///< 100 to 599 once the status line is there
  std::size_t size = 0; ///< bytes of the head, when it is complete
};

/// The most bytes of a head that are waited for.
constexpr std::size_t k_max_connect_head = 8192;

/// Parses the beginning of `bytes`. Pure.
ConnectResponse parse_connect_response(std::string_view bytes);

/// The request for `authority` ("api.example.com:443").
std::string connect_request(std::string_view authority);

} // namespace agentbox::firewall::http
