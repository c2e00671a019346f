// SPDX-License-Identifier: Apache-2.0
#include "firewall/upstream/address_filter.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <string>

#include "catch.hpp"

namespace agentbox::firewall::upstream {
namespace {

Address16 address(const std::string& text) {
  Address16 out{};
  const bool v4 = text.find(':') == std::string::npos;
  if (v4) {
    out[10] = out[11] = 0xFF;
  }
  REQUIRE(::inet_pton(v4 ? AF_INET : AF_INET6, text.c_str(), out.data() + (v4 ? 12 : 0)) == 1);
  return out;
}

AddressClass kind(const std::string& text) {
  return classify(address(text));
}

TEST_CASE("public addresses are global", "[upstream]") {
  for (const char* text : {"1.1.1.1", "203.0.113.5", "198.51.100.10", "192.0.2.99", "172.32.0.1", "100.128.0.1",
                           "9.255.255.255", "11.0.0.0", "223.255.255.255", "2606:4700::1", "2001:db8::1",
                           "64:ff9b::101:101", "2002:101:101::1", "::ffff:1.1.1.1"}) {
    INFO(text);
    CHECK(kind(text) == AddressClass::global);
  }
}

TEST_CASE("private addresses are private in every notation", "[upstream]") {
  for (const char* text : {"10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
                           "100.127.255.255", "fc00::1", "fd12:3456::1", "::ffff:10.0.0.1", "64:ff9b::a00:1",
                           "2002:a00:1::", "::10.0.0.1", "64:ff9b:1::1", "2606:4700::200:5efe:a00:1"}) {
    INFO(text);
    CHECK(kind(text) == AddressClass::private_use);
  }
}

TEST_CASE("loopback, metadata, multicast and reserved addresses are forbidden", "[upstream]") {
  for (const char* text : {"0.0.0.0",
                           "0.1.2.3",
                           "127.0.0.1",
                           "127.255.255.255",
                           "169.254.169.254",
                           "168.63.129.16",
                           "192.0.0.1",
                           "192.88.99.1",
                           "198.18.0.1",
                           "198.19.255.255",
                           "224.0.0.1",
                           "239.255.255.250",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "fe80::1",
                           "fec0::1",
                           "ff02::1",
                           "::ffff:127.0.0.1",
                           "::ffff:169.254.169.254",
                           "::127.0.0.1",
                           "64:ff9b::7f00:1",
                           "64:ff9b::a9fe:a9fe",
                           "2002:7f00:1::",
                           "2002:a9fe:a9fe::1",
                           "100::1",
                           "4000::1",
                           "5f00::1",
                           "fe80::5efe:127.0.0.1",
                           "2001::5601:5601"}) { // the last: Teredo with an inverted 169.254.169.254
    INFO(text);
    CHECK(kind(text) == AddressClass::forbidden);
  }
}

TEST_CASE("the virtual range and own addresses are refused, private ones unless allowed", "[upstream]") {
  const policy::VirtualRange range{0x0A400000U, 16}; // 10.64.0.0/16
  const std::vector<Address16> own = {address("203.0.113.77"), address("10.0.2.2"), address("2001:db8::77")};
  CHECK(refusal(address("203.0.113.5"), false, range, own).empty());
  CHECK_FALSE(refusal(address("203.0.113.77"), false, range, own).empty());
  CHECK_FALSE(refusal(address("203.0.113.77"), true, range, own).empty());
  CHECK_FALSE(refusal(address("2001:db8::77"), true, range, own).empty());
  CHECK_FALSE(refusal(address("10.0.0.5"), false, range, own).empty());
  CHECK(refusal(address("10.0.0.5"), true, range, own).empty());
  CHECK_FALSE(refusal(address("10.0.2.2"), true, range, own).empty()); // the gateway
  CHECK_FALSE(refusal(address("10.64.0.1"), true, range, own).empty());
  CHECK_FALSE(refusal(address("::ffff:10.64.0.1"), true, range, own).empty());
  CHECK_FALSE(refusal(address("169.254.169.254"), true, range, own).empty());
  CHECK_FALSE(refusal(address("127.0.0.1"), true, range, own).empty());
}

} // namespace
} // namespace agentbox::firewall::upstream
