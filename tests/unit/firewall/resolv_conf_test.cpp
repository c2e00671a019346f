// SPDX-License-Identifier: Apache-2.0
#include "firewall/upstream/resolv_conf.hpp"

#include "catch.hpp"

namespace agentbox::firewall::upstream {
namespace {

using Servers = std::vector<std::string>;

TEST_CASE("parses name servers in order", "[upstream]") {
  CHECK(name_servers(
            "# a comment\nsearch example.com\nnameserver 10.0.2.3\noptions ndots:0\nnameserver\t2001:db8::53 # x\n") ==
        Servers{"10.0.2.3", "[2001:db8::53]"});
  CHECK(name_servers("nameserver fe80::1%eth0\r\nnameserver 1.1.1.1") == Servers{"[fe80::1%eth0]", "1.1.1.1"});
  CHECK(name_servers("nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\nnameserver 1.1.1.4\n").size() == 3);
}

TEST_CASE("the name servers after the host's have changed", "[upstream]") {
  const std::string slirp = "nameserver 10.0.2.3\nnameserver 192.0.2.1\n";
  const std::string pasta = "nameserver 169.254.1.1\nnameserver 192.0.2.1\n";
  CHECK(name_servers_now("nameserver 198.51.100.1\n", slirp) == Servers{"198.51.100.1", "10.0.2.3"});
  CHECK(name_servers_now("nameserver 198.51.100.1\nnameserver 2001:db8::1\n", pasta) ==
        Servers{"198.51.100.1", "[2001:db8::1]", "169.254.1.1"});
  // The forwarder replaces servers that only the host can reach.
  CHECK(name_servers_now("nameserver 127.0.0.53\nnameserver 198.51.100.1\n", slirp) ==
        Servers{"10.0.2.3", "198.51.100.1"});
  CHECK(name_servers_now("nameserver fe80::1%wlan0\nnameserver ::1\n", slirp) == Servers{"10.0.2.3"});
  // Not the ones of the network that is gone.
  CHECK(name_servers_now("nameserver 198.51.100.1\n", "nameserver 192.0.2.1\n") == Servers{"198.51.100.1"});
  // Never the public ones that Podman writes where it finds nothing usable.
  CHECK(name_servers_now("nameserver 127.0.0.53\n", "nameserver 8.8.8.8\nnameserver 8.8.4.4\n").empty());
  CHECK(name_servers_now("# none\n", "nameserver 169.254.1.1\nnameserver 8.8.8.8\n") == Servers{"169.254.1.1"});
  CHECK(name_servers_now("", slirp) == Servers{"10.0.2.3"});
  std::string many;
  for (int i = 1; i < 100; ++i) {
    many += "nameserver 198.51.100." + std::to_string(i) + "\n";
  }
  CHECK(name_servers_now(many, slirp).size() == 6);
}

TEST_CASE("skips loopback and invalid addresses", "[upstream]") {
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
