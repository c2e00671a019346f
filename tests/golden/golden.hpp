// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "catch.hpp"

namespace agentbox::tests {

/// Returns the golden file `name` of tests/golden.
inline std::filesystem::path golden_path(std::string_view name) {
  return std::filesystem::path(AGENTBOX_SOURCE_DIR) / "tests/golden" / name;
}

/// Compares `text` with golden file `name`. With AGENTBOX_UPDATE_GOLDEN=1 in the environment the file is rewritten
/// first; look at the difference before you commit it.
inline void check_golden(std::string_view name, const std::string& text) {
  const char* update = std::getenv("AGENTBOX_UPDATE_GOLDEN");
  if (update != nullptr && std::string_view(update) == "1") {
    std::filesystem::create_directories(golden_path(name).parent_path());
    std::ofstream(golden_path(name), std::ios::binary | std::ios::trunc) << text;
  }
  std::ifstream file(golden_path(name), std::ios::binary);
  INFO("golden file " << golden_path(name).string() << "; AGENTBOX_UPDATE_GOLDEN=1 rewrites it");
  REQUIRE(file.is_open());
  const std::string golden((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  CHECK(text == golden);
}

} // namespace agentbox::tests
