// SPDX-License-Identifier: Apache-2.0
#include "firewall/proxy/first_bytes.hpp"

#include <string>
#include <vector>

#include "catch.hpp"

using namespace agentbox::firewall::proxy;
using namespace std::string_literals;

namespace {

FirstBytes kind_of(const std::string& bytes) {
  return classify_first_bytes(bytes);
}

/// Checks that `bytes`, byte by byte, are undecided until they are `expected`, and stay so.
void decides(const std::string& bytes, FirstBytes expected) {
  INFO(bytes);
  REQUIRE(kind_of(bytes) == expected);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const FirstBytes kind = kind_of(bytes.substr(0, size));
    CHECK((kind == expected || kind == FirstBytes::undecided));
  }
}

} // namespace

TEST_CASE("every TLS record is recognized by its first two bytes", "[first_bytes]") {
  for (const char type : {'\x14', '\x15', '\x16', '\x17', '\x18'}) {
    decides(type + "\3"s, FirstBytes::tls);
    decides(type + "\3\1\0\5hello"s, FirstBytes::tls);
    decides(type + "\4"s, FirstBytes::other);
  }
  CHECK(kind_of("\x13\3"s) == FirstBytes::other);
  CHECK(kind_of("\x19\3"s) == FirstBytes::other);
}

TEST_CASE("an SSL 2 ClientHello is TLS without a name", "[first_bytes]") {
  decides("\x80\x2e\1\3\1"s, FirstBytes::tls);
  decides("\xff\xff\1\3"s, FirstBytes::tls);
  for (const auto& bytes : {"\x80\x2e\2"s, "\x80\x01\0\1"s, "\x80\x2e\1\0\2"s, "\xff\xfb\1\xff"s}) {
    decides(bytes, FirstBytes::other);
  }
}

TEST_CASE("whatever a server may accept as a request line is HTTP", "[first_bytes]") {
  for (const auto& bytes :
       {"GET / HTTP/1.1\r\n"s, "GET / HTTP/1.1\n"s, "OPTIONS * HTTP/1.0"s, "CONNECT a.example:443 HTTP/1.1"s,
        "GET http://a.example/ HTTP/1.1"s, "PRI * HTTP/2.0\r\n"s, "get / http/1.1"s, "M-SEARCH * HTTP/1.1"s,
        "x!#$%&'*+-.^_`|~ / HTTP/1.1"s, "\r\n\n GET / HTTP/1.1"s, "GET\t/\tHTTP/1.1"s, "GET  /a b  HTTP/1.1 \r\n"s,
        "GET / HTTP/9.9 x\r\n"s, "GET /\0\1\x7f\xff HTTP/1.1"s, "GET /HTTP/ HTTP/1"s, "GET /\rHTTP/1.1"s}) {
    decides(bytes, FirstBytes::http);
  }
}

TEST_CASE("an HTTP/0.9 request is HTTP", "[first_bytes]") {
  for (const auto& bytes : {"GET /\r\n"s, "GET /a\n"s, "GET\t/\n"s, "GET http://a.example/\r\n"s}) {
    decides(bytes, FirstBytes::http);
  }
  for (const auto& bytes : {"get key\r\n"s, "GET key\r\n"s, "GET\r\n"s, "GETX /\r\n"s, "POST /\r\n"s}) {
    decides(bytes, FirstBytes::other);
  }
}

TEST_CASE("other protocols are recognized by their first line or less", "[first_bytes]") {
  for (const auto& bytes :
       {"SSH-2.0-OpenSSH_9.2\r\n"s, "EHLO me\r\n"s, "\0\0\0\x08\x04\xd2\x16\x2f"s, "*1\r\n$4\r\nPING\r\n"s, "{"s,
        "@RSYNCD: 31.0\n"s, "<s"s, "AMQP\0\0\x09\1"s, "0032git-upload-pack /x\0host=y\0\n"s, "a/b HTTP/1.1\r\n"s,
        "HTTP/1.1 200 OK\r\n"s, "\5\1\0"s, "PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\nGET / HTTP/1.1\r\n"s,
        "USER a HTTP 1\r\n"s}) {
    decides(bytes, FirstBytes::other);
  }
}

TEST_CASE("a first line without an end is treated as a request when it is too long", "[first_bytes]") {
  for (const std::string& start : {"GET /"s, "\r\n"s, " "s}) {
    CHECK(kind_of(start + std::string(16000, start.back())) == FirstBytes::undecided);
    CHECK(kind_of(start + std::string(16384, start.back())) == FirstBytes::http);
  }
  CHECK(kind_of(std::string(16383, 'A')) == FirstBytes::undecided);
  CHECK(kind_of(std::string(16384, 'A')) == FirstBytes::long_word);
  CHECK(kind_of(std::string(16384, 'A') + " / HTTP/1.1") == FirstBytes::long_word);
}
