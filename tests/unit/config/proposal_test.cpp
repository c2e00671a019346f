// SPDX-License-Identifier: Apache-2.0
#include "config/proposal.hpp"

#include "catch.hpp"
#include "config/host_sets.hpp"
#include "policy/policy.hpp"
#include "temp_directory.hpp"

using namespace agentbox;
using Words = std::vector<std::string>;

TEST_CASE("a project's files tell what it needs") {
  const tests::TempDirectory project;
  CHECK(config::propose(project.path()).reasons.empty());
  project.write("package.json", "{}");
  project.write("services/go.mod", "");
  project.write("services/deeper/pom.xml", "");
  project.write("node_modules/x/Cargo.toml", "");
  project.write(".hidden/Gemfile", "");
  project.write("tools/requirements.txt", "");
  const config::Proposal found = config::propose(project.path());
  CHECK(found.toolkits == Words{"python", "web"});
  CHECK(found.sets == Words{"@go", "@npm", "@pypi"});
  CHECK(found.reasons == Words{"package.json: toolkit web, hosts @npm", "services/go.mod: hosts @go",
                               "tools/requirements.txt: toolkit python, hosts @pypi"});
  CHECK(found.base == "docker.io/library/golang:1-bookworm");
}

TEST_CASE("every proposal is a toolkit or a set that exists") {
  const auto sets = config::read_sets(std::filesystem::path(AGENTBOX_SOURCE_DIR) / "sets");
  for (const char* file :
       {"package.json", "pyproject.toml", "environment.yml", "x.ipynb", "Cargo.toml", "go.mod", "rust-toolchain.toml",
        "pom.xml", "build.gradle", "Gemfile", "composer.json", "mix.exs", "x.csproj", "CMakeLists.txt"}) {
    const tests::TempDirectory project;
    project.write(file, "");
    const config::Proposal found = config::propose(project.path());
    INFO(file);
    CHECK(found.reasons.size() == 1);
    for (const std::string& toolkit : found.toolkits) {
      const auto& known = policy::toolkit_names();
      CHECK(std::find(known.begin(), known.end(), toolkit) != known.end());
    }
    for (const std::string& name : found.sets) {
      CHECK(std::any_of(sets.begin(), sets.end(), [&](const auto& set) { return "@" + set.name == name; }));
    }
  }
}

TEST_CASE("a Dockerfile's last base image is proposed") {
  const std::pair<const char*, const char*> cases[] = {
      {"FROM debian:12\nRUN x\n", "debian:12"},
      {"FROM golang:1.22 AS build\nFROM --platform=linux/amd64 alpine\nCOPY --from=build / /\n", "alpine"},
      {"from node:20 as base\nFROM base\n", "node:20"},
      {"ARG X\nFROM ${X}\n", ""},
      {"FROM scratch\n", ""},
      {"FROM\n", ""},
      {"# FROM x\n", ""},
  };
  for (const auto& [text, base] : cases) {
    const tests::TempDirectory project;
    project.write("Dockerfile", text);
    CHECK(config::propose(project.path()).base == base);
  }
}

TEST_CASE("no link is followed") {
  const tests::TempDirectory project;
  const tests::TempDirectory elsewhere;
  elsewhere.write("package.json", "{}");
  elsewhere.write("Dockerfile", "FROM evil\n");
  std::filesystem::create_directory_symlink(elsewhere.path(), project / "web");
  std::filesystem::create_symlink(elsewhere / "package.json", project / "package.json");
  std::filesystem::create_symlink(elsewhere / "Dockerfile", project / "Dockerfile");
  const config::Proposal found = config::propose(project.path());
  CHECK(found.sets.empty());
  CHECK(found.base.empty());
}
