// SPDX-License-Identifier: Apache-2.0
#include "image/agent_set.hpp"

#include "catch.hpp"

using namespace agentbox::image;

namespace {

std::vector<std::string> names(const std::map<std::string, std::string>& chosen, const AgentsLock& lock = {}) {
  std::vector<std::string> list;
  for (const auto& data : agents_of(chosen, lock)) {
    list.push_back(data.name);
  }
  return list;
}

AgentsLock own_lock() {
  AgentsLock lock;
  lock.agents["mine"] = {"1.0.0", {{"any", {"@me/mine", "1.0.0", "sha512-x"}}}, "bin/mine.js"};
  return lock;
}

} // namespace

TEST_CASE("an image has the chosen agents and the programs that run them, the default image claude and codex") {
  CHECK(names({}) == std::vector<std::string>{"claude", "codex"});
  CHECK(names({{"opencode", ""}}) == std::vector<std::string>{"opencode"});
  CHECK(names({{"gemini", ""}}) == std::vector<std::string>{"gemini", "node"});
  CHECK(names({{"unknown", ""}}).empty());
}

TEST_CASE("an agent of a configuration has the program that the lock file pins, and runs in Node") {
  const std::map<std::string, std::string> chosen = {{"mine", "@me/mine@1.0.0"}};
  CHECK(names(chosen) == std::vector<std::string>{"mine", "node"});
  for (const auto& data : agents_of(chosen, own_lock())) {
    if (data.name == "mine") {
      CHECK(data.npm.program == "bin/mine.js");
      CHECK(data.npm.platforms.empty());
    }
  }
}

TEST_CASE("a pin is valid for its version, and for latest") {
  const AgentsLock lock = own_lock();
  CHECK(is_pinned(lock, "mine", "@me/mine@1.0.0"));
  CHECK(is_pinned(lock, "mine", "@me/mine@latest"));
  CHECK_FALSE(is_pinned(lock, "mine", "@me/mine@1.0.1"));
  CHECK_FALSE(is_pinned(lock, "mine", "@you/mine@1.0.0"));
  CHECK_FALSE(is_pinned(lock, "other", "@me/mine@1.0.0"));
}
