// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace agentbox::firewall::http {

/// Bytes of a request's head that are read at most.
constexpr std::size_t k_max_head = 16384;

/// The head of the first request of a connection to port 80.
///
/// One request a connection: the head that is sent on says `Connection: close`, and exactly as many bytes of body
/// follow as it declares. What the client sends after that never leaves the box. So no later request can name another
/// host, and no disagreement about where a request ends can smuggle one in. Clients that pipeline or reuse connections
/// are told by `Connection: close` to open another one (RFC 9112 §9.6).
struct RequestHead {
  enum class State {
    incomplete,
    complete,
    invalid, ///< not HTTP/1, ambiguous, or a kind of request that is not let through: `problem` says which
  };
  State state = State::incomplete;
  std::string_view problem; ///< a literal, for State::invalid
  std::string host;         ///< the Host header's value without ":80"; not canonical
  std::size_t size = 0;     ///< of the head in the input, the blank line included
  std::uint64_t body = 0;   ///< the bytes that follow it, by Content-Length
  std::string forward;      ///< the head as it is sent on
};

/// Parses `bytes` from the first one of the connection on (RFC 9112), strictly: CRLF line ends, no folded lines, one
/// Host, at most one Content-Length, origin-form (or `*` with OPTIONS) only. Refused: CONNECT, absolute-form,
/// Transfer-Encoding, HTTP/2 with prior knowledge. Upgrade is taken out of what is sent on.
RequestHead parse_request_head(std::string_view bytes);

/// A whole 403 response that tells a person in the box what happened and what to type outside of it.
/// `host` and `reason` are escaped.
std::string denial_response(std::string_view box, std::string_view host, std::string_view reason);

} // namespace agentbox::firewall::http
