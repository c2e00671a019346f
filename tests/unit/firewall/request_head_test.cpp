// SPDX-License-Identifier: Apache-2.0
#include "firewall/http/request_head.hpp"

#include <string>

#include "catch.hpp"

namespace agentbox::firewall::http {
namespace {

using State = RequestHead::State;

State state(std::string_view bytes) {
  return parse_request_head(bytes).state;
}

/// Returns the state of a request with this additional field.
State with_field(const std::string& field) {
  return state("GET / HTTP/1.1\r\nHost: a.example\r\n" + field + "\r\n\r\n");
}

TEST_CASE("a request is forwarded with Connection: close", "[http]") {
  const std::string text = "GET /x?y HTTP/1.1\r\nHost: A.example:80\r\nConnection: keep-alive, x\r\nKeep-Alive: 5\r\n"
                           "Accept: */*\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\nTE: trailers\r\n\r\n";
  const auto head = parse_request_head(text + "GET /2 HTTP/1.1\r\nHost: b.example\r\n\r\n");
  CHECK(head.state == State::complete);
  CHECK(head.host == "A.example");
  CHECK(head.size == text.size());
  CHECK(head.body == 0);
  CHECK(head.forward == "GET /x?y HTTP/1.1\r\nHost: A.example:80\r\nAccept: */*\r\nConnection: close\r\n\r\n");
}

TEST_CASE("Content-Length determines the length of the body", "[http]") {
  const auto head = parse_request_head("POST / HTTP/1.1\r\nHost: a.example\r\ncontent-length:  12 \r\n\r\n");
  CHECK(head.state == State::complete);
  CHECK(head.body == 12);
  CHECK(with_field("Content-Length: -1") == State::invalid);
  CHECK(with_field("Content-Length: +1") == State::invalid);
  CHECK(with_field("Content-Length: 1 2") == State::invalid);
  CHECK(with_field("Content-Length: 0x10") == State::invalid);
  CHECK(with_field("Content-Length:") == State::invalid);
  CHECK(with_field("Content-Length: 99999999999999999999999") == State::invalid);
  CHECK(with_field("Content-Length: 5\r\nContent-Length: 5") == State::invalid);
  CHECK(with_field("Content-Length: 5\r\nContent-Length: 6") == State::invalid);
  CHECK(with_field("Content-Length: 5, 5") == State::invalid);
  CHECK(with_field("Content-Length: 5\r\nTransfer-Encoding: chunked") == State::invalid);
  CHECK(with_field("Content-Length : 5") == State::invalid);
  CHECK(with_field("Content-Length: 05") == State::invalid);
  CHECK(with_field("Content-Length: 0") == State::complete);
  CHECK(with_field("Content-Length: 5") == State::complete);
}

TEST_CASE("refuses a Content-Length that servers could read differently", "[http]") {
  const auto body = [](const std::string& length) {
    return parse_request_head("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: " + length + "\r\n\r\n");
  };
  CHECK(body("9223372036854775807").body == k_max_body);
  CHECK(body("9223372036854775807").state == State::complete);
  CHECK(body("4294967296").body == 4294967296);
  for (const char* length : {"9223372036854775808", "18446744073709551614", "18446744073709551615",
                             "18446744073709551616", "18446744073709551620", "-0", "00", "1e3", "\v5"}) {
    INFO(length);
    CHECK(body(length).state == State::invalid);
  }
}

TEST_CASE("parses a head that arrives in pieces", "[http]") {
  const std::string text = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
  for (std::size_t size = 0; size < text.size(); ++size) {
    INFO(size);
    CHECK(state(text.substr(0, size)) == State::incomplete);
  }
  CHECK(state(text) == State::complete);
}

TEST_CASE("requests that are meant for a proxy are refused", "[http]") {
  CHECK(state("CONNECT b.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n") == State::invalid);
  CHECK(state("GET http://b.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n") == State::invalid);
  CHECK(state("GET b.example HTTP/1.1\r\nHost: a.example\r\n\r\n") == State::invalid);
  CHECK(state("GET * HTTP/1.1\r\nHost: a.example\r\n\r\n") == State::invalid);
  CHECK(state("OPTIONS * HTTP/1.1\r\nHost: a.example\r\n\r\n") == State::complete);
}

TEST_CASE("refuses heads that parsers could read in two ways", "[http]") {
  CHECK(with_field("Host: b.example") == State::invalid);
  CHECK(with_field("host: a.example") == State::invalid);
  CHECK(with_field(" folded: b.example") == State::invalid);
  CHECK(with_field("X: y\r\n Host: b.example") == State::invalid);
  CHECK(with_field("\tHost: b.example") == State::invalid);
  CHECK(with_field("X : y") == State::invalid);
  CHECK(with_field("X") == State::invalid);
  CHECK(with_field(": y") == State::invalid);
  CHECK(with_field("X: y\nHost: b.example") == State::invalid);
  CHECK(with_field("X: y\rHost: b.example") == State::invalid);
  CHECK(with_field(std::string("X: a\0b", 6)) == State::invalid);
  CHECK(with_field("X: a\x7f") == State::invalid);
  CHECK(with_field("Transfer-Encoding: chunked") == State::invalid);
  CHECK(with_field("transfer-encoding:\tidentity") == State::invalid);
  CHECK(state("GET / HTTP/1.1\r\n\r\n") == State::invalid);
  CHECK(with_field("X: caf\xc3\xa9\ty") == State::complete);
}

TEST_CASE("refuses anything but HTTP/1", "[http]") {
  CHECK(state("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == State::invalid);
  CHECK(state("GET /\r\n\r\n") == State::invalid);
  CHECK(state("GET / HTTP/0.9\r\nHost: a.example\r\n\r\n") == State::invalid);
  CHECK(state("GET  / HTTP/1.1\r\nHost: a.example\r\n\r\n") == State::invalid);
  CHECK(state("GET / x HTTP/1.1\r\nHost: a.example\r\n\r\n") == State::invalid);
  CHECK(state("G\x01T / HTTP/1.1\r\nHost: a.example\r\n\r\n") == State::invalid);
  CHECK(state("\r\nGET / HTTP/1.1\r\nHost: a.example\r\n\r\n") == State::invalid);
  CHECK(state("\x16\x03\x01") == State::invalid);
  CHECK(state("GET / HTTP/1.0\r\nHost: a.example\r\n\r\n") == State::complete);
}

TEST_CASE("the Host header may name the port of the connection and no other", "[http]") {
  const auto host_of = [](const std::string& host, std::uint16_t port) {
    return parse_request_head("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n", port).host;
  };
  CHECK(host_of("a.example:8080", 8080) == "a.example");
  CHECK(host_of("a.example", 8080) == "a.example");
  CHECK(host_of("a.example:80", 8080) == "a.example:80");
  CHECK(host_of("a.example:8080", 80) == "a.example:8080");
  CHECK(host_of("a.example:08080", 8080) == "a.example:08080");
}

TEST_CASE("refuses an endless head", "[http]") {
  CHECK(state("GET /" + std::string(k_max_head, 'x')) == State::invalid);
  std::string many = "GET / HTTP/1.1\r\nHost: a.example\r\n";
  for (int i = 0; i < 100; ++i) {
    many += "X: y\r\n";
  }
  CHECK(state(many) == State::invalid);
}

TEST_CASE("a denial page names box, host and command, with everything escaped", "[http]") {
  const std::string text = denial_response("mybox", "evil.example\r\nSet-Cookie: x", 80, "it is not\x1b[31m listed");
  CHECK(text.starts_with("HTTP/1.1 403 Forbidden\r\n"));
  CHECK(text.find("box \"mybox\"") != std::string::npos);
  CHECK(text.find("agentbox allow evil.example") != std::string::npos);
  CHECK(text.find("\nSet-Cookie") == std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  const std::size_t body = text.find("\r\n\r\n") + 4;
  CHECK(text.find("Content-Length: " + std::to_string(text.size() - body) + "\r\n") != std::string::npos);
}

} // namespace
} // namespace agentbox::firewall::http
