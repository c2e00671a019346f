// SPDX-License-Identifier: Apache-2.0
#include "git/shell_words.hpp"

#include <algorithm>

#include "catch.hpp"

using namespace agentbox::git;

namespace {

bool has(const std::string& command, const std::string& word) {
  const auto words = command_words(command, 1000);
  return std::find(words.begin(), words.end(), word) != words.end();
}

} // namespace

TEST_CASE("any word of a command may be a path") {
  CHECK(has("./x", "./x"));
  CHECK(has("!./x --flag", "./x"));
  CHECK(has("python3 tools/clean.py %f", "tools/clean.py"));
  CHECK(has("!f() { tools/x \"$@\"; }; f", "tools/x"));
  CHECK(has("sh -c './x y'", "./x"));
  CHECK(has("sh -c \"sh -c './x y'\"", "./x"));
  CHECK(has("a|./x", "./x"));
  CHECK(has("/home/u/my project/x", "/home/u/my project/x"));
  CHECK(has("'my project/x' y", "my project/x"));
  CHECK(has("my\\ project/x y", "my project/x"));
  CHECK(has("pro'j'ect/x y", "project/x"));
  CHECK(has("tool --file=./x", "./x"));
  CHECK(has("F=./x tool", "./x"));
  CHECK(has("$(git rev-parse --show-toplevel)/tools/x", "tools/x"));
  CHECK(has("\"$(git rev-parse --show-toplevel)\"/tools/x", "tools/x"));
  CHECK(has("`git rev-parse --show-toplevel`/tools/x", "tools/x"));
  CHECK(has("$GIT_DIR/../x", "../x"));
  CHECK(has("${HOME}/x", "x"));
  CHECK(has("~/p/x", "~/p/x"));
  CHECK(has("ext::./x %S", "./x"));
}

TEST_CASE("a bare name in place of a command is looked up in PATH, and is not a path; a later word may be one") {
  for (const char* command : {"git", "git log", "!git log | git x", "store", "a; git", "A=b git", "$(git x)",
                              "f() { git; }", "sh -c 'git x'", "'git' x", "x && git"}) {
    INFO(command);
    CHECK_FALSE(has(command, "git"));
  }
  for (const char* command :
       {"sh git", "sh 'git'", "sh \"git\" x", "tool --file=git", "F=git tool", "./git git", "x <git"}) {
    INFO(command);
    CHECK(has(command, "git"));
  }
}

TEST_CASE("the number of words is limited, and none is empty") {
  CHECK(command_words("", 10).empty());
  CHECK(command_words("   ", 10).empty());
  CHECK(command_words("./a b c d e f g h i j k l", 5).size() == 5);
  for (const std::string& word : command_words("a  '' \"\" ;; b", 100)) {
    CHECK_FALSE(word.empty());
  }
  CHECK_FALSE(has("./xyz", "./xy"));
}

TEST_CASE("variables and wildcards of a word become stars") {
  CHECK(pattern_of("./${x}.sh") == "./*.sh");
  CHECK(pattern_of("a/$x/b?[cd]") == "a/*/b**");
  CHECK(pattern_of("./$1.sh$@") == "./*.sh*");
  CHECK(pattern_of("${") == "*");
  CHECK(pattern_of("plain/x-1") == "plain/x-1");
}
