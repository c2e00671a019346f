// SPDX-License-Identifier: Apache-2.0
#include "firewall/http/connect_response.hpp"

#include <algorithm>

#include "support/ascii.hpp"

namespace agentbox::firewall::http {
namespace {

constexpr std::size_t k_status_end = 12; // "HTTP/1.1 200"

using support::is_digit;

/// Returns the status of "HTTP/1.x NNN", at least k_status_end bytes long, or nullopt if it is not such a line.
std::optional<unsigned> parse_status(std::string_view line) {
  const bool version = line.starts_with("HTTP/1.") && is_digit(line[7]) && line[8] == ' ';
  const bool digits = std::all_of(line.begin() + 9, line.begin() + k_status_end, is_digit);
  if (!version || !digits || line[9] < '1' || line[9] > '5') {
    return std::nullopt;
  }
  return static_cast<unsigned>((line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0'));
}

} // namespace

ConnectResponse parse_connect_response(std::string_view bytes) {
  ConnectResponse response;
  constexpr std::string_view k_start = "HTTP/1.";
  if (!k_start.starts_with(bytes.substr(0, std::min(bytes.size(), k_start.size())))) {
    response.state = ConnectResponse::State::invalid;
    return response;
  }
  if (bytes.size() >= k_status_end) {
    response.status = parse_status(bytes);
    if (!response.status) {
      response.state = ConnectResponse::State::invalid;
      return response;
    }
  }
  constexpr std::string_view k_end = "\r\n\r\n";
  const auto end = bytes.substr(0, k_max_connect_head).find(k_end);
  if (end == std::string_view::npos) {
    if (bytes.size() >= k_max_connect_head) {
      response.state = ConnectResponse::State::invalid;
    }
    return response;
  }
  response.size = end + k_end.size();
  const bool accepted = response.status >= 200 && response.status < 300;
  response.state = accepted ? ConnectResponse::State::accepted : ConnectResponse::State::refused;
  if (!response.status) { // the head ends before a complete status line
    response.state = ConnectResponse::State::invalid;
  }
  return response;
}

std::string connect_request(std::string_view authority) {
  std::string request = "CONNECT ";
  request += authority;
  request += " HTTP/1.1\r\nHost: ";
  request += authority;
  request += "\r\n\r\n";
  return request;
}

} // namespace agentbox::firewall::http
