// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "config/load.hpp"
#include "temp_directory.hpp"

namespace agentbox::tests {

/// A small host: a home directory, a workspace, and the three layers of configuration files.
class Host {
public:
  Host() {
    std::filesystem::create_directories(m_directory / "home/project");
    sources.system_file = m_directory / "etc/config.toml";
    sources.user_file = m_directory / "home/.config/agentbox/config.toml";
    sources.workspace = m_directory / "home/project";
    sources.home = m_directory / "home";
    sources.current_directory = sources.workspace;
    sources.agent_directories = {{"claude", {sources.home / ".claude", ".claude"}},
                                 {"codex", {sources.home / ".codex", ".codex"}}};
  }

  std::filesystem::path system(std::string_view text) const { return m_directory.write("etc/config.toml", text); }
  std::filesystem::path user(std::string_view text) const {
    return m_directory.write("home/.config/agentbox/config.toml", text);
  }
  std::filesystem::path project(std::string_view text) const {
    return m_directory.write("home/project/.agentbox/config.toml", text);
  }
  const TempDirectory& directory() const { return m_directory; }

  /// Loads the configuration, which must be a valid policy.
  config::Loaded load() const {
    config::LoadResult result = config::load(sources, overrides);
    if (const auto* diagnostics = std::get_if<policy::Diagnostics>(&result)) {
      INFO(config::describe(*diagnostics));
      REQUIRE(diagnostics->empty());
    }
    auto loaded = std::get<config::Loaded>(std::move(result));
    CHECK(std::holds_alternative<policy::Policy>(policy::build_policy(loaded.fields)));
    return loaded;
  }

  /// Returns the mistakes of a configuration that does not load.
  policy::Diagnostics mistakes() const {
    config::LoadResult result = config::load(sources, overrides);
    REQUIRE(std::holds_alternative<policy::Diagnostics>(result));
    return std::get<policy::Diagnostics>(std::move(result));
  }

  /// Returns the only mistake.
  policy::Diagnostic mistake() const {
    const auto found = mistakes();
    INFO(config::describe(found));
    REQUIRE(found.size() == 1);
    return found.front();
  }

  config::Sources sources;
  config::Overrides overrides;

private:
  TempDirectory m_directory;
};

} // namespace agentbox::tests
