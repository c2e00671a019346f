// SPDX-License-Identifier: Apache-2.0
#include "protocol/protocol.hpp"

#include "catch.hpp"

using namespace agentbox::protocol;

TEST_CASE("box names") {
  for (const std::string& name : {std::string("a"), std::string("0-9"), std::string(k_max_box_name, 'x')}) {
    CHECK(is_box_name(name));
  }
  for (const std::string& name : {std::string(), std::string("-a"), std::string("A"), std::string("a/b"),
                                  std::string("a.b"), std::string(k_max_box_name + 1, 'x')}) {
    INFO(name);
    CHECK_FALSE(is_box_name(name));
  }
  // The pod's name is the firewall's host name: one label (RFC 1035 §2.3.4).
  CHECK(std::string(k_pod_prefix).size() + k_max_box_name + std::string(k_firewall_suffix).size() <= 63);
}

TEST_CASE("nonces are 16 to 128 lower-case hexadecimal digits") {
  CHECK(is_nonce("00112233445566778899aabbccddeeff"));
  for (const std::string& text : {std::string(), std::string("0011"), std::string("0011223344556677z"),
                                  std::string("00112233445566AA"), std::string(129, 'a')}) {
    INFO(text);
    CHECK_FALSE(is_nonce(text));
  }
}

TEST_CASE("a file's identity survives its text") {
  for (const FileId id : {FileId{0, 0}, FileId{65025, 1234}, FileId{UINT64_MAX, UINT64_MAX}}) {
    CHECK(parse_file_id(to_text(id)) == id);
  }
  CHECK(to_text({65025, 1234}) == "65025:1234");
  for (const char* text : {"", "1", "1:", ":1", "-1:2", "1:-2", "1:2 ", " 1:2", "1:2:3", "1:99999999999999999999"}) {
    INFO(text);
    CHECK_FALSE(parse_file_id(text));
  }
}
