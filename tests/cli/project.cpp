// SPDX-License-Identifier: Apache-2.0
#include "project.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sys/stat.h>
#include <thread>

#include "catch.hpp"
#include "support/file.hpp"

namespace agentbox::cli_test {
namespace fs = std::filesystem;
using nlohmann::json;

Project::Project() {
  std::string pattern = (fs::temp_directory_path() / "agentbox-cli-XXXXXX").string();
  m_home = fs::canonical(mkdtemp(pattern.data()));
  fs::create_directories(directory());
  fs::create_directories(m_home / "run");
  const fs::path fixtures = fs::path(AGENTBOX_SOURCE_DIR) / "tests/unit";
  json info = json::parse(support::read_file(fixtures / "podman/fixtures/info-4.3.1.json", 1U << 20U));
  info["host"]["security"]["seccompProfilePath"] = (fixtures / "oci/fixtures/seccomp-debian-12.json").string();
  write("info.json", info.dump());
}

Project::~Project() {
  fs::remove_all(m_home);
}

void Project::behave(const json& behaviour) const {
  write("fake.json", behaviour.is_null() ? "{}" : behaviour.dump());
}

void Project::write(const std::string& name, const std::string& text) const {
  fs::create_directories((m_home / name).parent_path());
  std::ofstream(m_home / name) << text;
}

support::Command Project::command(const std::vector<std::string>& args, const std::map<std::string, std::string>& more,
                                  const std::string& called_as) const {
  // A shell changes the directory and the name that the program is called by; support::Command has neither.
  support::Command command;
  command.argv = {"/bin/bash",          "-c", "cd \"$0\" && shift && exec -a \"$1\" \"${@:2}\"",
                  directory().string(), "-",  called_as,
                  AGENTBOX_UNDER_TEST};
  command.argv.insert(command.argv.end(), args.begin(), args.end());
  command.env = {{"HOME", m_home.string()},
                 {"XDG_RUNTIME_DIR", (m_home / "run").string()},
                 {"PATH", "/usr/bin:/bin"},
                 {"USER", "user"}};
  command.env.insert(more.begin(), more.end());
  return command;
}

support::Captured Project::agentbox(const std::vector<std::string>& args, const std::string& input,
                                    const std::map<std::string, std::string>& more,
                                    const std::string& called_as) const {
  return support::capture(command(args, more, called_as), input);
}

std::vector<json> Project::calls() const {
  std::vector<fs::path> files;
  if (fs::exists(m_home / "calls")) {
    for (const auto& entry : fs::directory_iterator(m_home / "calls")) {
      if (entry.path().extension() == ".json") {
        files.push_back(entry.path());
      }
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<json> calls;
  for (const fs::path& file : files) {
    calls.push_back(json::parse(support::read_file(file, 4U << 20U)));
  }
  return calls;
}

std::vector<json> Project::calls(const std::string& verb) const {
  std::vector<json> found = calls();
  std::erase_if(found, [&](const json& call) { return call.at("verb") != verb; });
  return found;
}

std::vector<std::string> Project::verbs() const {
  std::vector<std::string> verbs;
  for (const json& call : calls()) {
    if (call.at("verb") != "info") {
      verbs.push_back(call.at("verb"));
    }
  }
  return verbs;
}

void Project::wait_for(const std::string& verb) const {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (calls(verb).empty()) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

} // namespace agentbox::cli_test
