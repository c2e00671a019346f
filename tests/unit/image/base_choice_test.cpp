// SPDX-License-Identifier: Apache-2.0
#include "image/base_choice.hpp"

#include <fstream>

#include "catch.hpp"
#include "support/error.hpp"
#include "temp_directory.hpp"

using namespace agentbox::image;
using agentbox::support::Error;
using agentbox::support::ExitCode;
using agentbox::tests::TempDirectory;
namespace fs = std::filesystem;

namespace {

std::optional<ExitCode> refusal(const std::string& text, const std::optional<fs::path>& workspace = std::nullopt) {
  try {
    parse_base(text, workspace);
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

void make(const fs::path& path) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << "x";
}

} // namespace

TEST_CASE("image references are used unchanged") {
  for (const std::string& text : std::vector<std::string>{
           "debian", "debian:12", "docker.io/library/debian:bookworm-slim", "registry.example.com:5000/team/image:1.0",
           "localhost/base", "quay.io/x/y@sha256:" + std::string(64, 'a'), "fedora@sha256:" + std::string(64, 'a')}) {
    INFO(text);
    CHECK_FALSE(refusal(text));
  }
}

TEST_CASE("an invalid reference, or one of Podman's transports, is refused") {
  for (const std::string text :
       {"", "-v", "--help", " debian", "debian 12", "debian\n", "a;b", "$(id)", "oci:directory", "oci-archive:/x",
        "docker-archive:x.tar", "containers-storage:x", "docker-daemon:x", "docker://debian", "image:/etc/x",
        "image:tag/x", "https://example.com/x.tar"}) {
    INFO(text);
    CHECK(refusal(text) == ExitCode::usage);
  }
  CHECK(refusal("https://user:word@example.com/x") == ExitCode::refused);
}

TEST_CASE("a directory or tarball must exist outside the workspace") {
  const TempDirectory directory;
  fs::create_directories(directory.path() / "work/root");
  fs::create_directories(directory.path() / "root");
  make(directory.path() / "base.tar");
  make(directory.path() / "work/base.tar");
  fs::create_directory_symlink(directory.path() / "work/root", directory.path() / "link");
  const fs::path workspace = fs::canonical(directory.path() / "work");
  const std::string at = directory.path().string();
  CHECK_FALSE(refusal("dir:" + at + "/root", workspace));
  CHECK_FALSE(refusal("tar:" + at + "/base.tar", workspace));
  CHECK(refusal("dir:" + at + "/base.tar") == ExitCode::usage);
  CHECK(refusal("tar:" + at + "/root") == ExitCode::usage);
  CHECK_THROWS_WITH(parse_base("dir:" + at + "/base.tar", workspace),
                    "--base: \"" + at + "/base.tar\" is not an existing directory");
  CHECK_THROWS_WITH(parse_base("tar:" + at + "/root", workspace),
                    "--base: \"" + at + "/root\" is not an existing regular file");
  CHECK(refusal("tar:" + at + "/missing") == ExitCode::usage);
  CHECK(refusal("dir:") == ExitCode::usage);
  CHECK(refusal("dir:/") == ExitCode::refused);
  CHECK(refusal("dir:" + at + "/work/root", workspace) == ExitCode::refused);
  CHECK(refusal("dir:" + at + "/work", workspace) == ExitCode::refused);
  CHECK(refusal("tar:" + at + "/work/base.tar", workspace) == ExitCode::refused);
  CHECK(refusal("dir:" + at + "/link", workspace) == ExitCode::refused);
  CHECK_FALSE(refusal("dir:" + at + "/work/root")); // without a workspace nobody can change it
}

TEST_CASE("the identity of a tarball or directory changes with its content") {
  const TempDirectory directory;
  make(directory.path() / "base.tar");
  make(directory.path() / "root/etc/os-release");
  const BaseChoice tarball = parse_base("tar:" + (directory.path() / "base.tar").string(), std::nullopt);
  const BaseChoice root = parse_base("dir:" + (directory.path() / "root").string(), std::nullopt);
  const std::string tarball_before = identity_of(tarball);
  const std::string root_before = identity_of(root);
  CHECK(identity_of(tarball) == tarball_before);
  CHECK(identity_of(root) == root_before);
  std::ofstream(directory.path() / "base.tar", std::ios::app) << "more";
  std::ofstream(directory.path() / "root/etc/os-release", std::ios::app) << "more";
  CHECK(identity_of(tarball) != tarball_before);
  CHECK(identity_of(root) != root_before);
}
