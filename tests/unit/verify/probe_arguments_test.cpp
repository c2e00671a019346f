// SPDX-License-Identifier: Apache-2.0
#include "verify/probe_arguments.hpp"

#include "catch.hpp"
#include "support/error.hpp"

namespace agentbox::verify {
namespace {

const std::string k_config = R"({"process":{"env":["AGENTBOX_NETWORK=filtered","AGENTBOX_PIDS=64"]},
  "mounts":[{"destination":"/tmp","options":["mode=1777","size=1000"]},{"destination":"/dev/shm","options":["size=20"]}],
  "linux":{"resources":{"memory":{"limit":5000}}}})";

TEST_CASE("the expectations are those of the box's configuration") {
  CHECK(expectations_of(k_config) == protocol::Expected{true, 64, 5000, 20, 1000});
  std::string walled = k_config;
  walled.replace(walled.find("\"AGENTBOX_PIDS"), 1, "\"AGENTBOX_LANDLOCK=abi 6\\nr /\\n\",\"");
  CHECK(expectations_of(walled) == protocol::Expected{true, 64, 5000, 20, 1000, 6});
  std::string full = k_config;
  full.replace(full.find("filtered"), 8, "full");
  full.replace(full.find("\"memory\":{\"limit\":5000}"), 23, "");
  CHECK(expectations_of(full) == protocol::Expected{false, 64, 0, 20, 1000});
}

TEST_CASE("a configuration that lacks a limit is refused") {
  for (const char* text : {"", "{}", "[]", R"({"process":{"env":[]},"mounts":[],"linux":{}})"}) {
    CHECK_THROWS_AS(expectations_of(text), support::Error);
  }
}

TEST_CASE("the SELinux context of a configuration") {
  CHECK(process_label_of(R"({"process":{"selinuxLabel":"u:r:container_t:s0:c1,c2"}})") == "u:r:container_t:s0:c1,c2");
  for (const char* text : {"", "[]", "{}", k_config.c_str()}) {
    CHECK(process_label_of(text).empty());
  }
}

TEST_CASE("the probe is told all of it") {
  const std::vector<std::string> words = probe_arguments({false, 64, 5000, 20, 1000});
  CHECK(words == std::vector<std::string>{"--pids", "64", "--memory", "5000", "--shm", "20", "--tmp", "1000",
                                          "--landlock", "0", "--full-network"});
  CHECK(probe_arguments({true, 1, 0, 1, 1}).size() == 10);
}

} // namespace
} // namespace agentbox::verify
