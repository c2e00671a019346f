// SPDX-License-Identifier: Apache-2.0
#include "firewall/http/connect_response.hpp"

#include <string>

#include "catch.hpp"

namespace agentbox::firewall::http {
namespace {

using State = ConnectResponse::State;

TEST_CASE("parses an upstream proxy's reply", "[http]") {
  const std::string head = "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n";
  for (std::size_t size = 0; size < head.size(); ++size) {
    CHECK(parse_connect_response(std::string_view(head).substr(0, size)).state == State::incomplete);
  }
  const auto whole = parse_connect_response(head + "SSH-2.0");
  CHECK(whole.state == State::accepted);
  CHECK(whole.size == head.size());
  CHECK(whole.status == 200);
  CHECK(parse_connect_response("HTTP/1.0 204 x\r\n\r\n").state == State::accepted);
}

TEST_CASE("distinguishes a proxy that refuses from one that is not a proxy", "[http]") {
  const auto denied = parse_connect_response("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
  CHECK(denied.state == State::refused);
  CHECK(denied.status == 407);
  CHECK(parse_connect_response("HTTP/1.1 100 Continue\r\n\r\n").state == State::refused);
  for (const char* text : {"SSH-2.0-x\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 999 x\r\n\r\n", "HTTP/1.1  200\r\n\r\n",
                           "http/1.1 200 x\r\n\r\n", "HTTP/1.1\r\n\r\n 200", "\r\n\r\n"}) {
    CHECK(parse_connect_response(text).state == State::invalid);
  }
  const std::string endless = "HTTP/1.1 200 " + std::string(k_max_connect_head, 'x');
  CHECK(parse_connect_response(endless).state == State::invalid);
  CHECK(connect_request("a.example.com:443") ==
        "CONNECT a.example.com:443 HTTP/1.1\r\nHost: a.example.com:443\r\n\r\n");
}

} // namespace
} // namespace agentbox::firewall::http
