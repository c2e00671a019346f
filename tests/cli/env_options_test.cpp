// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>

#include "catch.hpp"
#include "cli/box_options.hpp"
#include "support/error.hpp"

using namespace agentbox;
using namespace agentbox::cli;
using Catch::Matchers::Contains;
using Variables = std::map<std::string, std::string>;

TEST_CASE("--env with a value, and without") {
  const Variables caller = {{"KEY", "from the caller"}};
  CHECK(read_env({"A=1", "B=", "C=x=y", "KEY"}, {}, caller) ==
        Variables{{"A", "1"}, {"B", ""}, {"C", "x=y"}, {"KEY", "from the caller"}});
}

TEST_CASE("a variable that the caller does not have is a mistake, not an empty value") {
  CHECK_THROWS_WITH(read_env({"KEY"}, {}, {}), Contains("--env") && Contains("KEY is not set"));
}

TEST_CASE("--env-file") {
  const auto file = std::filesystem::temp_directory_path() / ("agentbox-env-" + std::to_string(getpid()));
  std::ofstream(file) << "# a comment\n\nA=1\r\n  B=two words \nKEY\n";
  CHECK(read_env({"A=2"}, {file.string()}, {{"KEY", "k"}}) == Variables{{"A", "2"}, {"B", "two words "}, {"KEY", "k"}});
  std::ofstream(file) << "A=1\n=2\n";
  CHECK_THROWS_WITH(read_env({}, {file.string()}, {}), Contains(file.string() + ":2"));
  std::filesystem::remove(file);
  CHECK_THROWS_WITH(read_env({}, {file.string()}, {}), Contains(file.string()));
}

TEST_CASE("a name that is taken gets a number") {
  CHECK(free_name("a", {}) == "a");
  CHECK(free_name("a", {"b"}) == "a");
  CHECK(free_name("a", {"a", "a-2"}) == "a-3");
}
