// SPDX-License-Identifier: Apache-2.0
// A user with a project, and a fake podman that records its calls.
#pragma once
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/command.hpp"

namespace agentbox::cli_test {

class Project {
public:
  Project();
  Project(const Project&) = delete;
  Project& operator=(const Project&) = delete;
  Project(Project&&) = delete;
  Project& operator=(Project&&) = delete;
  ~Project();

  const std::filesystem::path& home() const { return m_home; }
  std::filesystem::path directory() const { return m_home / "project"; }
  std::filesystem::path sessions() const { return m_home / "run/agentbox/sessions"; }

  /// Sets what the fake does: {"run": {"code": 3}}.
  void behave(const nlohmann::json& behaviour) const;
  void write(const std::string& name, const std::string& text) const; ///< below the home directory

  /// Runs `agentbox ARGS…` in the project's directory, with the user's environment and `more`.
  support::Captured agentbox(const std::vector<std::string>& args, const std::string& input = {},
                             const std::map<std::string, std::string>& more = {},
                             const std::string& called_as = "agentbox") const;
  support::Command command(const std::vector<std::string>& args, const std::map<std::string, std::string>& more = {},
                           const std::string& called_as = "agentbox") const;

  /// Returns the calls that the fake has seen, in order.
  std::vector<nlohmann::json> calls() const;
  /// Returns the calls of `verb` ("run", "pod create").
  std::vector<nlohmann::json> calls(const std::string& verb) const;
  /// Returns the verbs of all calls but `info`.
  std::vector<std::string> verbs() const;
  /// Waits until the fake has seen a call of `verb`.
  void wait_for(const std::string& verb) const;

private:
  std::filesystem::path m_home;
};

} // namespace agentbox::cli_test
