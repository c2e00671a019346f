// SPDX-License-Identifier: Apache-2.0
#include "oci/hook/mount_sources.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "catch.hpp"
#include "temp_folder.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox::oci::hook {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using tests::contains;
using tests::error_of;
using tests::TempFolder;

json config_for(const fs::path& source) {
  struct stat info {};
  REQUIRE(lstat(source.c_str(), &info) == 0);
  const json recorded = {{source.string(), std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino)}};
  return {{"annotations", {{"org.agentbox.sources", recorded.dump()}}},
          {"mounts",
           {{{"destination", "/proc"}, {"type", "proc"}, {"source", "proc"}},
            {{"destination", "/etc/hosts"}, {"type", "bind"}, {"source", "/nowhere"}, {"options", {"bind"}}},
            {{"destination", "/workspace"}, {"type", "bind"}, {"source", source.string()}, {"options", {"rbind"}}}}}};
}

std::string refusal(const json& config) {
  return error_of([&] { require_recorded_sources(config); });
}

TEST_CASE("a path that still is what it was may be mounted") {
  const TempFolder folder;
  fs::create_directory(folder / "project, with: \"odd\" name");
  CHECK(refusal(config_for(folder / "project, with: \"odd\" name")).empty());
}

TEST_CASE("attack: the workspace is swapped for another folder") {
  const TempFolder folder;
  fs::create_directory(folder / "project");
  const json config = config_for(folder / "project");
  fs::rename(folder / "project", folder / "old");
  fs::create_directory(folder / "project");
  CHECK(contains(refusal(config), "was replaced"));
  fs::remove(folder / "project");
  fs::rename(folder / "old", folder / "project");
  CHECK(refusal(config).empty());
}

TEST_CASE("attack: the workspace, or a folder above it, becomes a symbolic link") {
  const TempFolder folder;
  fs::create_directories(folder / "above/project");
  const json config = config_for(folder / "above/project");
  fs::rename(folder / "above/project", folder / "moved");
  fs::create_directory_symlink(folder / "moved", folder / "above/project");
  CHECK(contains(refusal(config), "cannot mount"));
  fs::remove(folder / "above/project");
  fs::rename(folder / "moved", folder / "above/project");
  fs::rename(folder / "above", folder / "elsewhere");
  fs::create_directory_symlink(folder / "elsewhere", folder / "above");
  CHECK(contains(refusal(config), "cannot mount"));
}

TEST_CASE("a path that is gone, or that nobody recorded, is refused") {
  const TempFolder folder;
  fs::create_directory(folder / "project");
  json config = config_for(folder / "project");
  fs::remove(folder / "project");
  CHECK(contains(refusal(config), "cannot mount"));
  fs::create_directory(folder / "project");
  config.erase("annotations");
  CHECK(contains(refusal(config), "no identity"));
}

} // namespace
} // namespace agentbox::oci::hook
