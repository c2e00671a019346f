// SPDX-License-Identifier: Apache-2.0
#include "image/update.hpp"

#include "catch.hpp"
#include "support/file.hpp"
#include "temp_folder.hpp"

using namespace agentbox::image;
using agentbox::tests::TempFolder;
namespace fs = std::filesystem;

namespace {

AgentsLock lock(const std::string& version) {
  AgentsLock made;
  made.agents["codex"] = {
      version, {{"linux-x64", {"@openai/codex", version + "-linux-x64", "sha512-" + std::string(86, 'A') + "=="}}}};
  return made;
}

} // namespace

TEST_CASE("versions are compared agent by agent") {
  const auto changes = compare(lock("1.0.0"), lock("1.1.0"));
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].agent == "codex");
  CHECK(changes[0].pinned == "1.0.0");
  CHECK(changes[0].newest == "1.1.0");
  CHECK(compare({}, lock("1.1.0"))[0].pinned.empty());
}

TEST_CASE("a written lock file overrides the installed one, which adds missing agents") {
  const TempFolder folder;
  const fs::path share = folder.path() / "share";
  const fs::path shipped = share / "containerfiles/agent/agents.lock.json";
  fs::create_directories(shipped.parent_path());
  AgentsLock both = lock("1.0.0");
  both.agents["claude"] = both.agents["codex"];
  agentbox::support::write_file(shipped, to_json(both));
  setenv("XDG_STATE_HOME", folder.path().c_str(), 1);
  CHECK(lock_path(share) == shipped);
  CHECK(load_lock(share).agents.at("codex").version == "1.0.0");
  write_lock(lock("1.1.0"));
  CHECK(lock_path(share) == folder.path() / "agentbox/agents.lock.json");
  CHECK(load_lock(share).agents.at("codex").version == "1.1.0");
  CHECK(load_lock(share).agents.at("claude").version == "1.0.0");
  unsetenv("XDG_STATE_HOME");
}
