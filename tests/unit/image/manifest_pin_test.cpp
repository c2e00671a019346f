// SPDX-License-Identifier: Apache-2.0
#include "image/manifest_pin.hpp"

#include <fstream>
#include <sys/stat.h>

#include "catch.hpp"
#include "support/error.hpp"
#include "temp_folder.hpp"

using namespace agentbox;
namespace fs = std::filesystem;

TEST_CASE("an image keeps the manifest that it had when it was first seen") {
  const tests::TempFolder folder;
  const podman::Podman podman("/no/such/podman", {});
  podman::PodmanInfo facts;
  facts.graph_driver = "overlay";
  facts.graph_root = folder / "storage";
  const auto store = [&](const std::string& id, const std::string& manifest) {
    fs::create_directories(folder / ("storage/overlay-images/" + id));
    std::ofstream(folder / ("storage/overlay-images/" + id + "/manifest")) << manifest;
  };
  const fs::path pins = folder / "state/manifests.json";
  const auto code_of = [&](const std::string& id, bool renew = false) {
    try {
      image::require_pinned_manifest(podman, facts, id, pins, renew);
      return 0;
    } catch (const support::Error& error) {
      return static_cast<int>(error.code());
    }
  };
  store("a", "one");
  store("b", "other");
  CHECK(code_of("a") == 0);
  CHECK(code_of("b") == 0);
  CHECK(code_of("a") == 0);
  store("a", "two");
  CHECK(code_of("a") == 126);
  CHECK(code_of("b") == 0);
  CHECK(code_of("a", true) == 0); // --rebuild
  CHECK(code_of("a") == 0);
  struct stat info {};
  REQUIRE(stat(pins.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600);
}
