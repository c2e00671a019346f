// SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "policy/egress.hpp"

namespace policy = agentbox::policy;

TEST_CASE("virtual ranges are read and written") {
  for (const char* text :
       {"198.18.0.0/15", "198.19.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "192.168.7.0/24", "100.64.0.0/10"}) {
    INFO(text);
    const auto range = policy::parse_virtual_range(text);
    REQUIRE(range);
    CHECK(range->text() == text);
  }
  CHECK(policy::parse_virtual_range("198.18.0.0/15") == policy::VirtualRange());
}

TEST_CASE("other ranges are refused") {
  for (const char* text : {"",
                           "198.18.0.0",
                           "198.18.0.0/",
                           "198.18.0.0/14",
                           "198.18.0.1/15",
                           "198.20.0.0/16",
                           "8.8.8.0/24",
                           "0.0.0.0/8",
                           "127.0.0.0/8",
                           "169.254.0.0/16",
                           "224.0.0.0/8",
                           "10.0.0.0/7",
                           "10.0.0.0/25",
                           "10.0.0.0/33",
                           "010.0.0.0/8",
                           "10.0.0.0/08",
                           "10.0.0/8",
                           "10.0.0.0.0/8",
                           "256.0.0.0/8",
                           "10.0.0.0/8 ",
                           " 10.0.0.0/8",
                           "10.0.0.-1/8",
                           "::/8",
                           "0xa.0.0.0/8",
                           "172.32.0.0/12"}) {
    INFO(text);
    CHECK_FALSE(policy::parse_virtual_range(text));
  }
}
