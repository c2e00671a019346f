// SPDX-License-Identifier: Apache-2.0
#include "firewall/tls/client_hello.hpp"

#include <string>

#include "bytes.hpp"
#include "catch.hpp"
#include "firewall/tls/second_hello.hpp"

namespace agentbox::firewall::tls {
namespace {

using State = ClientHello::State;
using namespace test; // NOLINT(google-build-using-namespace): makers of bytes, used in every line

TEST_CASE("finds the server name of a ClientHello", "[tls]") {
  const auto parsed =
      parse_client_hello(hello(extension(0x0a0a, "") + server_name("api.example.com") + extension(43, "xx")));
  CHECK(parsed.state == State::complete);
  CHECK(parsed.sni == "api.example.com");
  CHECK_FALSE(parsed.encrypted);
}

TEST_CASE("parses a ClientHello that arrives in pieces", "[tls]") {
  const std::string whole = hello(server_name("api.example.com"));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO(size);
    CHECK(parse_client_hello(std::string_view(whole).substr(0, size)).state == State::incomplete);
  }
  CHECK(parse_client_hello(whole).state == State::complete);
  CHECK(parse_client_hello(whole + record("application data", 23)).sni == "api.example.com");
}

TEST_CASE("a ClientHello ends with its record, and what follows is ignored", "[tls]") {
  const std::string whole = hello(server_name("api.example.com"));
  CHECK(parse_client_hello(whole).size == whole.size());
  CHECK(parse_client_hello(whole + whole).size == whole.size());
  const std::string longer = record(hello_message(server_name("a.example")) + "more");
  CHECK(parse_client_hello(longer).state == State::invalid);
  CHECK(parse_client_hello(std::string_view(longer).substr(0, longer.size() - 4)).state == State::incomplete);
}

TEST_CASE("recognises a HelloRetryRequest", "[tls]") {
  const auto server_hello = [](const std::string& random) {
    return record(bytes({2, 0, 0, 40, 3, 3}) + random + bytes({0, 0x13, 1, 0, 0, 0}));
  };
  const std::string retry =
      bytes({0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
             0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c});
  CHECK(asks_again(server_hello(retry)) == true);
  CHECK(asks_again(server_hello(std::string(32, 'r'))) == false);
  for (std::size_t size = 0; size < 43; ++size) {
    CHECK_FALSE(asks_again(server_hello(retry).substr(0, size)));
  }
  const std::string whole = server_hello(retry).substr(5);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    std::string records;
    for (std::size_t at = 0; at < whole.size(); at += size) {
      records += record(whole.substr(at, size));
    }
    INFO(size);
    CHECK(asks_again(records) == true);
  }
  CHECK(asks_again(record("alert", 21)) == false);
  CHECK(asks_again("HTTP/1.1") == false);
  CHECK(asks_again(record(bytes({1}))) == false);
  CHECK(asks_again(record("")) == true);
  CHECK(asks_again(record(bytes({2})) + record("")) == true);
}

TEST_CASE("finds a second ClientHello after other TLS records", "[tls]") {
  const std::string second = hello(server_name("evil.example"));
  const std::string before = record("early data", 23) + record("\1", 20) + record("xx", 21);
  CHECK(parse_second_hello(second).sni == "evil.example");
  CHECK(parse_second_hello(before + second).sni == "evil.example");
  for (std::size_t size = 0; size < before.size() + second.size(); ++size) {
    CHECK(parse_second_hello((before + second).substr(0, size)).state == State::incomplete);
  }
  CHECK(parse_second_hello(record("x", 24)).state == State::invalid);
  CHECK(parse_second_hello(record(bytes({16, 0, 0, 1, 0}))).state == State::invalid);
  std::string endless;
  while (endless.size() <= k_max_second) {
    endless += record(std::string(16000, 'e'), 23);
  }
  CHECK(parse_second_hello(endless).state == State::invalid);
}

TEST_CASE("a ClientHello may be spread over records", "[tls]") {
  const std::string message = hello_message(server_name("api.example.com"));
  for (std::size_t size = 1; size <= message.size(); ++size) {
    std::string records;
    for (std::size_t at = 0; at < message.size(); at += size) {
      records += record(message.substr(at, size));
    }
    INFO(size);
    CHECK(parse_client_hello(records).sni == "api.example.com");
  }
}

TEST_CASE("a ClientHello without a server name is complete", "[tls]") {
  CHECK(parse_client_hello(hello(extension(43, "xx"))).state == State::complete);
  CHECK_FALSE(parse_client_hello(hello(extension(43, "xx"))).sni);
  const auto bare = parse_client_hello(record(hello_message("", false)));
  CHECK(bare.state == State::complete);
  CHECK_FALSE(bare.sni);
}

TEST_CASE("recognises ECH, inner and outer, and its drafts", "[tls]") {
  CHECK(parse_client_hello(hello(server_name("a.example") + extension(0xfe0d, bytes({0, 1})))).encrypted);
  CHECK(parse_client_hello(hello(extension(0xffce, "x"))).encrypted);
  for (const unsigned draft : {0xfe08U, 0xfe09U, 0xfe0aU, 0xfe0bU, 0xfe0cU, 0xff02U}) {
    CHECK(parse_client_hello(hello(server_name("a.example") + extension(draft, "x"))).encrypted);
  }
  for (const unsigned other : {0xfe07U, 0xfe0eU, 0xfa0aU, 0xff01U}) {
    CHECK_FALSE(parse_client_hello(hello(server_name("a.example") + extension(other, "x"))).encrypted);
  }
}

TEST_CASE("refuses a server name that parsers could read in two ways", "[tls]") {
  const auto invalid = [](const std::string& extensions) {
    return parse_client_hello(hello(extensions)).state == State::invalid;
  };
  CHECK(invalid(server_name("a.example") + server_name("b.example")));
  CHECK(invalid(server_name("a.example") + server_name("a.example")));
  CHECK(invalid(extension(0, sized16(host_name("a.example") + host_name("b.example")))));
  CHECK(invalid(extension(0, sized16(host_name("a.example", 1)))));
  CHECK(invalid(extension(0, sized16(host_name("")))));
  CHECK(invalid(extension(0, "")));
  CHECK(invalid(extension(0, sized16(host_name("a.example")) + "x")));
  CHECK(invalid(server_name("a.example") + "\x01"));
  CHECK(invalid(be16(0) + be16(500) + "x"));
  CHECK_FALSE(invalid(server_name("a.example"))); // the positive control
}

TEST_CASE("refuses other bytes as soon as possible", "[tls]") {
  CHECK(parse_client_hello("S").state == State::invalid);
  CHECK(parse_client_hello("SSH-2.0-OpenSSH").state == State::invalid);
  CHECK(parse_client_hello("GET / HTTP/1.1\r\n").state == State::invalid);
  CHECK(parse_client_hello(record("\x02")).state == State::invalid);             // a ServerHello
  CHECK(parse_client_hello(bytes({22, 2, 0})).state == State::invalid);          // SSL 2
  CHECK(parse_client_hello(bytes({22, 3, 1, 0, 0})).state == State::invalid);    // an empty record
  CHECK(parse_client_hello(bytes({22, 3, 1, 0x40, 1})).state == State::invalid); // a record too long
  CHECK(parse_client_hello(record(hello_message(server_name("a.example")) + "x")).state == State::invalid);
  CHECK(parse_client_hello(record(bytes({1, 1, 0, 0}))).state == State::invalid); // 64 KiB of hello
  CHECK(parse_client_hello(record(bytes({1, 0, 0x3f, 0xf0})) + record(std::string(k_max_hello - 16, 'x'))).state ==
        State::invalid);
}

TEST_CASE("a ClientHello with malformed inner lengths is refused", "[tls]") {
  std::string message = hello_message(server_name("a.example"));
  for (const std::size_t at : {38U, 40U, 43U, 45U, 46U}) { // session id, cipher suites, compression, extensions
    std::string changed = message;
    changed[at] = static_cast<char>(changed[at] + 7);
    INFO(at);
    CHECK(parse_client_hello(record(changed)).state == State::invalid);
  }
}

TEST_CASE("the alert is a fatal access_denied", "[tls]") {
  CHECK(access_denied_alert() == bytes({21, 3, 3, 0, 2, 2, 49}));
}

} // namespace
} // namespace agentbox::firewall::tls
