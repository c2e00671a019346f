// SPDX-License-Identifier: Apache-2.0
#include "image/state.hpp"

#include <fstream>

#include "catch.hpp"
#include "support/file.hpp"
#include "temp_directory.hpp"

using namespace agentbox::image;
using agentbox::tests::TempDirectory;

namespace {

ImageRef image(char digit) {
  return {std::string(64, digit), std::string("localhost/agentbox/agent:") + digit};
}

} // namespace

TEST_CASE("a remembered image is found again, even by the next process") {
  const TempDirectory directory;
  const auto path = directory.path() / "images.json";
  ImagesState state(path);
  CHECK_FALSE(state.find("k").has_value());
  state.remember("k", image('1'), {{"/file", "print"}});
  state.remember("l", image('2'));
  state.remember("k", image('3'), {{"/file", "other"}});
  const ImagesState again(path);
  CHECK(again.find("k") == image('3'));
  CHECK(again.find("l") == image('2'));
  CHECK(again.files("k").at("/file") == "other");
  CHECK(again.files("missing").empty());
}

TEST_CASE("a damaged cache file counts as empty") {
  const TempDirectory directory;
  const auto path = directory.path() / "images.json";
  for (const char* text :
       {"", "{", "[]", R"({"version":2,"images":[]})", R"({"version":1})", R"({"version":1,"images":[{"key":1}]})",
        R"({"version":1,"images":[{"key":"k","id":"short","tag":"t","files":{}}]})"}) {
    std::ofstream(path) << text;
    CHECK_FALSE(ImagesState(path).find("k").has_value());
  }
}

TEST_CASE("only the newest 64 are remembered") {
  const TempDirectory directory;
  ImagesState state(directory.path() / "images.json");
  for (int i = 0; i < 65; ++i) {
    state.remember(std::to_string(i), image('1'));
  }
  CHECK_FALSE(state.find("0").has_value());
  CHECK(state.find("1").has_value());
  CHECK(state.find("64").has_value());
}

TEST_CASE("the fingerprint of a directory changes with its files") {
  const TempDirectory directory;
  const auto file = directory.path() / "file";
  CHECK(agentbox::support::fingerprint(file) == "missing");
  const std::string empty = fingerprint_directory(directory.path());
  std::ofstream(file) << "a";
  const std::string first = agentbox::support::fingerprint(file);
  CHECK(first != "missing");
  CHECK(agentbox::support::fingerprint(file) == first);
  CHECK(fingerprint_directory(directory.path()) != empty);
  std::ofstream(file, std::ios::app) << "b";
  CHECK(agentbox::support::fingerprint(file) != first);
}
