// SPDX-License-Identifier: Apache-2.0
#include "oci/hook/mount_sources.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "catch.hpp"
#include "temp_directory.hpp"
#include "unit/oci/sample.hpp"

namespace agentbox::oci::hook {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using tests::contains;
using tests::error_of;
using tests::TempDirectory;

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

TEST_CASE("a path that was not replaced may be mounted") {
  const TempDirectory directory;
  fs::create_directory(directory / "project, with: \"odd\" name");
  CHECK(refusal(config_for(directory / "project, with: \"odd\" name")).empty());
}

TEST_CASE("attack: the workspace is swapped for another directory") {
  const TempDirectory directory;
  fs::create_directory(directory / "project");
  const json config = config_for(directory / "project");
  fs::rename(directory / "project", directory / "old");
  fs::create_directory(directory / "project");
  CHECK(contains(refusal(config), "was replaced"));
  fs::remove(directory / "project");
  fs::rename(directory / "old", directory / "project");
  CHECK(refusal(config).empty());
}

TEST_CASE("attack: the workspace, or a directory above it, becomes a symbolic link") {
  const TempDirectory directory;
  fs::create_directories(directory / "above/project");
  const json config = config_for(directory / "above/project");
  fs::rename(directory / "above/project", directory / "moved");
  fs::create_directory_symlink(directory / "moved", directory / "above/project");
  CHECK(contains(refusal(config), "cannot mount"));
  fs::remove(directory / "above/project");
  fs::rename(directory / "moved", directory / "above/project");
  fs::rename(directory / "above", directory / "elsewhere");
  fs::create_directory_symlink(directory / "elsewhere", directory / "above");
  CHECK(contains(refusal(config), "cannot mount"));
}

TEST_CASE("a path that is gone, or that nobody recorded, is refused") {
  const TempDirectory directory;
  fs::create_directory(directory / "project");
  json config = config_for(directory / "project");
  fs::remove(directory / "project");
  CHECK(contains(refusal(config), "cannot mount"));
  fs::create_directory(directory / "project");
  config.erase("annotations");
  CHECK(contains(refusal(config), "no identity"));
}

} // namespace
} // namespace agentbox::oci::hook
