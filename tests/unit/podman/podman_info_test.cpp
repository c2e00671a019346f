// SPDX-License-Identifier: Apache-2.0
#include "podman/podman_info.hpp"

#include <filesystem>
#include <fstream>

#include "catch.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "temp_directory.hpp"

using namespace agentbox::podman;
using agentbox::support::Error;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

std::string fixture(const std::string& name) {
  return agentbox::support::read_file(fs::path(AGENTBOX_SOURCE_DIR) / "tests/unit/podman/fixtures" / name, 1U << 20U);
}

/// Returns the message with which `facts` are refused; empty when they are not.
std::string refusal(const PodmanInfo& facts) {
  try {
    require_usable(facts);
    return {};
  } catch (const Error& error) {
    CHECK(error.code() == agentbox::support::ExitCode::refused);
    CHECK_FALSE(error.hint().empty());
    return error.what();
  }
}

} // namespace

TEST_CASE("the information of Podman 4.3.1 with slirp4netns") {
  const PodmanInfo facts = parse_podman_info(fixture("info-4.3.1.json"));
  CHECK(facts.podman == Version{4, 3, 1});
  CHECK(facts.rootless);
  CHECK(facts.oci_runtime == "crun");
  CHECK(facts.network_program == "slirp4netns");
  CHECK(facts.cgroup_manager == "cgroupfs");
  CHECK(facts.controllers.empty());
  CHECK(facts.graph_driver == "overlay");
  CHECK(facts.native_overlay);
  CHECK(facts.seccomp);
  CHECK(facts.seccomp_profile == "/usr/share/containers/seccomp.json");
  CHECK(facts.uid_map);
  CHECK(refusal(facts).empty());
}

TEST_CASE("the information of Podman 5 with pasta") {
  const PodmanInfo facts = parse_podman_info(fixture("info-5.4.2.json"));
  CHECK(facts.podman == Version{5, 4, 2});
  CHECK(facts.network_program == "pasta");
  CHECK(facts.controllers == std::set<std::string>{"cpu", "memory", "pids"});
}

TEST_CASE("the pasta program shows whether it can map the host's loopback") {
  const agentbox::tests::TempDirectory directory;
  CHECK(supports_loopback_mapping(directory.write("new", std::string("\x7f"
                                                                     "ELF\0map-guest-addr\0map-host-loopback\0",
                                                                     39))));
  CHECK_FALSE(supports_loopback_mapping(directory.write("old", "--map-gw")));
  CHECK_FALSE(supports_loopback_mapping(directory.path()));
  CHECK_FALSE(supports_loopback_mapping(directory / "missing"));
}

TEST_CASE("a host that lacks something is refused, and the message names it") {
  PodmanInfo facts = parse_podman_info(fixture("info-4.3.1.json"));
  std::string named;
  SECTION("old Podman") {
    facts.podman = {4, 2, 9};
    named = "4.2.9 is too old";
  }
  SECTION("rootful") {
    facts.rootless = false;
    named = "rootless";
  }
  SECTION("no subuid range") {
    facts.uid_map = false;
    named = "subordinate uids";
  }
  SECTION("no network program") {
    facts.network_program.clear();
    named = "slirp4netns";
  }
  SECTION("no seccomp") {
    facts.seccomp = false;
    named = "seccomp";
  }
  CHECK_THAT(refusal(facts), Contains(named));
}

TEST_CASE("one uid in the map is not a range") {
  std::string info = fixture("info-4.3.1.json");
  for (std::size_t at = info.find("65536"); at != std::string::npos; at = info.find("65536")) {
    info.replace(at, 5, "0");
  }
  CHECK_FALSE(parse_podman_info(info).uid_map);
}

TEST_CASE("versions") {
  CHECK(parse_version("5.8.0-rc1") == Version{5, 8, 0});
  CHECK(parse_version("4.10.2") > parse_version("4.9.9"));
  CHECK_THROWS_AS(parse_version("podman"), Error);
  CHECK_THROWS_AS(parse_version("4.3"), Error);
  CHECK_THROWS_AS(parse_version(""), Error);
}

TEST_CASE("an invalid reply is an error") {
  CHECK_THROWS_AS(parse_podman_info("Error: no"), Error);
  CHECK_THROWS_AS(parse_podman_info("{}"), Error);
  CHECK_THROWS_AS(parse_podman_info(R"({"version": {"Version": 4}})"), Error);
}

TEST_CASE("delegated controllers") {
  const fs::path root = fs::temp_directory_path() / ("agentbox-cgroup-" + std::to_string(getpid()));
  fs::create_directories(root / "own");
  std::ofstream(root / "own/cgroup.controllers") << "cpu pids\n";
  CHECK(delegated_controllers(root, "1:cpu:/x\n0::/own\n", 1000) == std::set<std::string>{"cpu", "pids"});
  CHECK(delegated_controllers(root, "0::/missing\n", 1000).empty());
  CHECK(delegated_controllers(root, "", 1000).empty());
  const fs::path service = root / "user.slice/user-1000.slice/user@1000.service";
  fs::create_directories(service);
  std::ofstream(service / "cgroup.controllers") << "memory pids\n";
  // A login's own cgroup is not delegated to it; Podman starts containers below user@.service.
  CHECK(delegated_controllers(root, "0::/own\n", 1000) == std::set<std::string>{"memory", "pids"});
  fs::remove_all(root);
}
