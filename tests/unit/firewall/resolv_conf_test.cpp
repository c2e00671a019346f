// SPDX-License-Identifier: Apache-2.0
#include "firewall/upstream/resolv_conf.hpp"

#include "catch.hpp"

namespace agentbox::firewall::upstream {
namespace {

using Servers = std::vector<std::string>;

TEST_CASE("name servers are read in order", "[upstream]") {
  CHECK(name_servers(
            "# a comment\nsearch example.com\nnameserver 10.0.2.3\noptions ndots:0\nnameserver\t2001:db8::53 # x\n") ==
        Servers{"10.0.2.3", "[2001:db8::53]"});
  CHECK(name_servers("nameserver fe80::1%eth0\r\nnameserver 1.1.1.1") == Servers{"[fe80::1%eth0]", "1.1.1.1"});
  CHECK(name_servers("nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\nnameserver 1.1.1.4\n").size() == 3);
}

TEST_CASE("loopback and what is no address are left out", "[upstream]") {
  CHECK(name_servers("nameserver 127.0.0.1\nnameserver 127.0.0.53\nnameserver ::1\nnameserver 0.0.0.0\nnameserver ::\n")
            .empty());
  CHECK(name_servers("nameserver\nnameserver \nnameservers 1.1.1.1\n nameserver 1.1.1.1\nnameserver dns.example\n")
            .empty());
  CHECK(name_servers("").empty());
  CHECK(name_servers("nameserver 1.1.1.1,2.2.2.2\n").empty());
  CHECK(name_servers("nameserver fe80::1%eth0,9.9.9.9\n").empty());
  CHECK(name_servers("nameserver fe80::1%\n").empty());
  CHECK(name_servers(std::string("nameserver 1.1.1.1\0,9.9.9.9\n", 28)).empty());
}

} // namespace
} // namespace agentbox::firewall::upstream
