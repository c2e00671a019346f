// SPDX-License-Identifier: Apache-2.0
#include "executes/matcher.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "catch.hpp"

using namespace agentbox::executes;

namespace {

std::optional<Treatment> treatment_of(std::string_view path) {
  static const Matcher matcher({"deploy/key"});
  const Rule* rule = matcher.find(path);
  return rule == nullptr ? std::nullopt : std::optional(rule->treatment);
}

} // namespace

TEST_CASE("wildcards match any text") {
  CHECK(matches("eslint.config.*", "eslint.config.js"));
  CHECK(matches("*.pth", "x.pth"));
  CHECK(matches("a*b*c", "aXbYbZc"));
  CHECK(matches("*", ""));
  CHECK_FALSE(matches("eslint.config.*", "eslint.configjs"));
  CHECK_FALSE(matches("*.pth", "x.pth2"));
  CHECK_FALSE(matches("a*b", "acbd"));
  CHECK_FALSE(matches("", "a"));
}

TEST_CASE("names are found in every directory, with everything below") {
  for (const char* path :
       {".envrc", "a/b/.envrc", ".vscode/tasks.json", "a/.vscode/deep/x", ".claude/settings.json", "deploy/key",
        "x/deploy/key/y", ".hg/hgrc", "gradle/wrapper/gradle-wrapper.jar", "node_modules/x/.vscode/tasks.json"}) {
    INFO(path);
    CHECK(treatment_of(path) == Treatment::protect);
  }
  for (const char* path :
       {"eslint.config.js", "a/.github/workflows/ci.yml", "venv/lib/python3/site-packages/evil.pth", "gradlew"}) {
    INFO(path);
    CHECK(treatment_of(path) == Treatment::report);
  }
  CHECK(treatment_of("a/CLAUDE.md") == Treatment::steers);
  CHECK(treatment_of("Makefile") == Treatment::project);
}

TEST_CASE("other names are not found") {
  for (const char* path :
       {"", "envrc", "x.envrc", ".envrc2", ".vscode2/x", "settings.json", "a/settings.json", "hgrc", "src/main.cpp",
        "README.md", "wrapper/x", "models/net.pth", "node_modules/x/.eslintrc.js", "vendor/x/AGENTS.md"}) {
    INFO(path);
    CHECK_FALSE(treatment_of(path));
  }
}

TEST_CASE("the strictest rule decides") {
  CHECK(treatment_of(".clinerules/x.md") == Treatment::steers);
  CHECK(treatment_of(".clinerules/hooks/x") == Treatment::protect);
}

TEST_CASE("directories that can contain a known name are recognized") {
  const Matcher matcher;
  for (const char* path : {".vscode", "a/.vscode/b", ".claude", "a/.hg", ".jj", "gradle"}) {
    INFO(path);
    CHECK(matcher.decides(path));
  }
  for (const char* path : {"", "src", ".claude/other", "x.claude"}) {
    INFO(path);
    CHECK_FALSE(matcher.decides(path));
  }
}

TEST_CASE("the table covers every group of programs") {
  std::set<When> seen;
  for (const Rule& one : rules()) {
    seen.insert(one.when);
    CHECK_FALSE(one.by.empty());
    CHECK((one.treatment != Treatment::protect || one.name.find('*') == std::string_view::npos));
  }
  CHECK(seen.size() == k_when_words.size());
  CHECK(std::is_sorted(protected_names().begin(), protected_names().end()));
  CHECK(count_kinds() > 500);
  const std::string list = list_text();
  CHECK(static_cast<std::size_t>(std::count(list.begin(), list.end(), '\n')) == rules().size());
}
