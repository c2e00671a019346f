// SPDX-License-Identifier: Apache-2.0
#include "config/last_agent.hpp"

#include "catch.hpp"
#include "temp_directory.hpp"

namespace config = agentbox::config;
using agentbox::tests::TempDirectory;

TEST_CASE("the last agent is remembered") {
  const TempDirectory directory;
  CHECK_FALSE(config::read_last_agent(directory / "state"));
  config::write_last_agent(directory / "state", "claude");
  CHECK(config::read_last_agent(directory / "state") == "claude");
  config::write_last_agent(directory / "state", "codex");
  CHECK(config::read_last_agent(directory / "state") == "codex");
}

TEST_CASE("a damaged record of the last agent is ignored") {
  const TempDirectory directory;
  for (const std::string& text : {std::string(), std::string("a b"), std::string("\x1b[2J"), std::string(1000, 'a')}) {
    directory.write("last_agent", text);
    CHECK_FALSE(config::read_last_agent(directory.path()));
  }
  std::filesystem::remove(directory / "last_agent");
  std::filesystem::create_directory(directory / "last_agent");
  CHECK_FALSE(config::read_last_agent(directory.path()));
}
