// SPDX-License-Identifier: Apache-2.0
#include "podman/installation.hpp"

#include "catch.hpp"
#include "support/error.hpp"
#include "temp_directory.hpp"

using namespace agentbox;
namespace fs = std::filesystem;

TEST_CASE("programs and data are found next to the program, only in its own prefix") {
  const tests::TempDirectory prefix;
  const fs::path program = prefix / "bin/agentbox";
  const auto refusal = [&]() -> std::string {
    try {
      podman::installation_of(program);
    } catch (const support::Error& error) {
      return error.what();
    }
    return "";
  };
  const std::string libexec = (prefix / "libexec/agentbox").string();
  const std::string share = (prefix / "share/agentbox").string();
  CHECK(refusal() == "agentbox is not installed completely, missing: " + share + ", " + libexec + "/agentbox-hook, " +
                         libexec + "/agentbox-firewall, " + libexec + "/agentbox-nft, " + libexec +
                         "/agent-entrypoint");
  fs::create_directories(share);
  for (const char* name : {"agentbox-hook", "agentbox-firewall", "agentbox-nft", "agent-entrypoint"}) {
    CHECK(refusal().find(std::string("/") + name) != std::string::npos);
    fs::permissions(prefix.write(std::string("libexec/agentbox/") + name, ""), fs::perms::owner_all);
  }
  CHECK(refusal().empty());
  CHECK(podman::installation_of(program).hook() == prefix / "libexec/agentbox/agentbox-hook");
}

TEST_CASE("a program that is not installed does not fall back to the directory it was built in") {
  CHECK_THROWS_AS(podman::find_installation(), support::Error); // this test is in build/tests/unit/podman
}
