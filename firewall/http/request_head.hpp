// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "policy/host_pattern.hpp"

namespace agentbox::firewall::http {

/// Maximum bytes of a request head; a longer one is invalid.
constexpr std::size_t k_max_head = 16384;

/// The largest Content-Length, 2^63 - 1: servers keep it in a signed 64-bit number (nginx, Apache, Go). A larger one
/// would overflow there, and the body would end at a different byte for the server than for us.
constexpr std::uint64_t k_max_body = 0x7FFFFFFFFFFFFFFF;

/// The head of the first request of an HTTP connection.
///
/// One request per connection: the forwarded head has `Connection: close`, and exactly as many body bytes follow as
/// Content-Length declares. Anything the client sends after that never leaves the box, so no later request can name
/// another host, and a disagreement about where a request ends cannot smuggle one in. `Connection: close` tells clients
/// that pipeline or reuse connections to open another one (RFC 9112 §9.6).
struct RequestHead {
  enum class State {
    incomplete,
    complete,
    invalid, ///< not HTTP/1, ambiguous, or not allowed; `problem` says why
  };
  State state = State::incomplete;
  std::string_view problem; ///< a literal, for State::invalid
  std::string host;         ///< the Host header's value without the port, if it is the expected one; not canonical
  std::size_t size = 0;     ///< bytes of the head in the input, including the blank line
  std::uint64_t body = 0;   ///< bytes of the body, from Content-Length; at most k_max_body
  std::string forward;      ///< the head to send to the server
};

/// Returns whether `c` may be in a token (RFC 9110 §5.6.2), such as a method.
bool is_token_character(char c);

/// Returns whether `text` is a token.
bool is_token(std::string_view text);

/// Parses `bytes`, the start of a connection to `port`, strictly (RFC 9112): CRLF line ends, no folded lines, one Host,
/// at most one Content-Length (digits without leading zeros, at most k_max_body), origin-form only (or `*` with
/// OPTIONS). Invalid: CONNECT, absolute-form, Transfer-Encoding, HTTP/2 with prior knowledge. Hop-by-hop fields and
/// Upgrade are left out of `forward`.
RequestHead parse_request_head(std::string_view bytes, std::uint16_t port = policy::k_http_port);

/// Returns a complete 403 response that says what was denied and which command allows it. Escapes `host` and
/// `reason`.
std::string denial_response(std::string_view box, std::string_view host, std::uint16_t port, std::string_view reason);

} // namespace agentbox::firewall::http
