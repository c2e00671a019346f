// SPDX-License-Identifier: Apache-2.0
#include "config/last_agent.hpp"

#include "catch.hpp"
#include "temp_folder.hpp"

namespace config = agentbox::config;
using agentbox::tests::TempFolder;

TEST_CASE("the last agent is remembered") {
  const TempFolder folder;
  CHECK_FALSE(config::read_last_agent(folder / "state"));
  config::write_last_agent(folder / "state", "claude");
  CHECK(config::read_last_agent(folder / "state") == "claude");
  config::write_last_agent(folder / "state", "codex");
  CHECK(config::read_last_agent(folder / "state") == "codex");
}

TEST_CASE("a damaged memory is forgotten") {
  const TempFolder folder;
  for (const std::string& text : {std::string(), std::string("a b"), std::string("\x1b[2J"), std::string(1000, 'a')}) {
    folder.write("last_agent", text);
    CHECK_FALSE(config::read_last_agent(folder.path()));
  }
  std::filesystem::remove(folder / "last_agent");
  std::filesystem::create_directory(folder / "last_agent");
  CHECK_FALSE(config::read_last_agent(folder.path()));
}
