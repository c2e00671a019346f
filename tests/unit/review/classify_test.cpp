// SPDX-License-Identifier: Apache-2.0
#include "review/classify.hpp"

#include <sys/stat.h>

#include "catch.hpp"

using namespace agentbox::review;

namespace {

constexpr unsigned k_file = S_IFREG | 0644U;
constexpr unsigned k_program = S_IFREG | 0755U;
constexpr unsigned k_link = S_IFLNK | 0777U;

const agentbox::executes::Matcher& known() {
  static const agentbox::executes::Matcher matcher({"deploy"});
  return matcher;
}

std::optional<FindingKind> kind_of(const std::string& path, unsigned mode, const std::string& content = "",
                                   bool in_repository = false) {
  const auto finding = classify({path, mode, in_repository, [&] { return content; }}, known());
  return finding ? std::optional(finding->kind) : std::nullopt;
}

} // namespace

TEST_CASE("ordinary work of an agent is not reported") {
  for (const char* path :
       {"src/main.cpp", "README.md", "config", "hooks/pre-commit", "a/.vscode2/x", "x.envrc", "binary/x"}) {
    INFO(path);
    CHECK_FALSE(kind_of(path, k_file));
  }
  CHECK_FALSE(kind_of("build.sh", k_program));
  CHECK_FALSE(kind_of("bin", S_IFDIR | 0755U));
  CHECK_FALSE(kind_of(".git/index", k_file, "", true));
  CHECK_FALSE(kind_of("a/b", k_link, "../c"));
  CHECK_FALSE(kind_of(".gitattributes", k_file, "*.c text"));
  CHECK_FALSE(kind_of(".git/hooks/pre-commit.sample", k_program));
}

TEST_CASE("files that Git acts on") {
  CHECK(kind_of(".git/hooks/pre-commit", k_program) == FindingKind::git_hook);
  CHECK(kind_of(".git/modules/x/hooks/post-checkout", k_program) == FindingKind::git_hook);
  CHECK(kind_of("sub/.git/hooks/pre-push", k_link, "../x") == FindingKind::git_hook);
  CHECK(kind_of("sub/.git/config", k_file, "[core]\nfsmonitor=x", true) == FindingKind::git_settings);
  CHECK(kind_of("bare/config", k_file, "[core]\n", true) == FindingKind::git_settings);
  CHECK_FALSE(kind_of(".git/config", k_file, "", true)); // the empty one is ours
  CHECK(kind_of(".git/commondir", k_file, "../evil\n", true) == FindingKind::git_settings);
  CHECK_FALSE(kind_of(".git/commondir", k_file, ".\n", true));
  CHECK(kind_of(".git/worktrees/w/commondir", k_file, "/evil\n") == FindingKind::git_settings);
  CHECK_FALSE(kind_of(".git/worktrees/w/commondir", k_file, "../..\n"));
  CHECK(kind_of("sub/.git", k_file, "gitdir: ../evil\n") == FindingKind::git_link);
  CHECK(kind_of("sub/.git", k_link, "../evil") == FindingKind::git_link);
  CHECK(kind_of(".gitattributes", k_file, "* filter=x") == FindingKind::git_attributes);
  CHECK(kind_of(".git/info/attributes", k_file, "* diff=x") == FindingKind::git_attributes);
  CHECK(kind_of(".gitmodules", k_file) == FindingKind::git_attributes);
}

TEST_CASE("settings of Git behind links inside the tree") {
  CHECK(kind_of("sub/.git/config", k_link, "../cfg", true) == FindingKind::git_settings);
  CHECK(kind_of("sub/.git/hooks", k_link, "../h", true) == FindingKind::git_settings);
  CHECK(kind_of("sub/.git/info", k_link, "../i", true) == FindingKind::git_settings);
  CHECK(kind_of("sub/.git/info/attributes", k_link, "../a") == FindingKind::git_attributes);
  CHECK(kind_of("sub/.git/HEAD", k_link, "../../../x", true) == FindingKind::git_settings);
  CHECK_FALSE(kind_of("sub/.git/HEAD", k_link, "refs/heads/main", true));
  CHECK(kind_of(".claude", k_link, "docs/c") == FindingKind::tool_file);
  CHECK_FALSE(kind_of(".claude2", k_link, "docs/c"));
}

TEST_CASE("an unfinished rebase that runs commands") {
  const std::string todo = ".git/rebase-merge/git-rebase-todo";
  CHECK(kind_of(todo, k_file, "pick 1234 x\n  exec ./x\n") == FindingKind::git_settings);
  CHECK(kind_of(todo, k_file, "x\t./x") == FindingKind::git_settings);
  CHECK(kind_of(todo, k_file, std::string(k_max_content, '\n')) == FindingKind::git_settings);
  CHECK_FALSE(kind_of(todo, k_file, "pick 1234 exec\n# x y\n"));
}

TEST_CASE("a merge strategy that is a program of the tree counts while an operation is in progress") {
  for (const char* strategy : {"x/y\n", "./y", "../../y=z/.."}) {
    INFO(strategy);
    CHECK(kind_of(".git/rebase-merge/strategy", k_file, strategy) == FindingKind::git_settings);
  }
  CHECK(kind_of(".git/sequencer/opts", k_file, "[options]\n\tstrategy = x/y\n") == FindingKind::git_settings);
  CHECK(kind_of("sub/.git/sequencer/opts", k_file, "[options]\n\tSTRATEGY = \"x\"/y\n") == FindingKind::git_settings);
  CHECK_FALSE(kind_of(".git/rebase-merge/strategy", k_file, "ort\n"));
  CHECK_FALSE(kind_of(".git/sequencer/opts", k_file, "[options]\n\tsignoff = true\n\tstrategy-option = subtree=a/b\n"));
}

TEST_CASE("directories whose names make their files count") {
  for (const char* directory : {".vscode", "a/.vscode", "a/.vscode/b", ".claude", "a/.claude", "a/.git"}) {
    INFO(directory);
    CHECK(decides(directory, known()));
  }
  for (const char* directory : {"", "a", "x.vscode", "b.claude", ".claude/other"}) {
    INFO(directory);
    CHECK_FALSE(decides(directory, known()));
  }
}

TEST_CASE("hooks are those of a repository, whatever it is called") {
  const auto hook = [](bool in_hooks) {
    return classify({"evil/hooks/pre-commit", k_program, false, [] { return std::string(); }, in_hooks}, known());
  };
  CHECK_FALSE(hook(false));
  REQUIRE(hook(true));
  CHECK(hook(true)->kind == FindingKind::git_hook);
}

TEST_CASE("padding hides no driver") {
  CHECK(kind_of(".gitattributes", k_file, std::string(k_max_content, '#')) == FindingKind::git_attributes);
  CHECK_FALSE(kind_of(".gitattributes", k_file, std::string(k_max_content - 1, '#')));
}

TEST_CASE("names of the table are classified by what their programs do with them") {
  CHECK(kind_of("deploy", k_file) == FindingKind::tool_file); // [protect] paths
  CHECK(kind_of("eslint.config.mjs", k_file) == FindingKind::tool_file);
  CHECK(kind_of("apps/web/.hg/hgrc", k_file) == FindingKind::tool_file);
  CHECK(kind_of("docs/AGENTS.md", k_link, "x") == FindingKind::steers);
  CHECK(kind_of(".clinerules/one.md", k_file) == FindingKind::steers);
  CHECK_FALSE(kind_of("Makefile", k_file));
  CHECK_FALSE(kind_of("node_modules/x/CLAUDE.md", k_file));
  CHECK_FALSE(kind_of("node_modules/x/.eslintrc", k_file));
  CHECK(kind_of("node_modules/x/.envrc", k_file) == FindingKind::tool_file);
  CHECK(kind_of("src/CLAUDE.md", S_IFDIR | 0755U) == std::nullopt);
  const auto finding = classify({"rust-toolchain.toml", k_file, false, [] { return std::string(); }}, known());
  REQUIRE(finding);
  CHECK(finding->detail == "Cargo and rustup");
}

TEST_CASE("what other programs of the host run or trust") {
  CHECK(kind_of(".envrc", k_file) == FindingKind::tool_file);
  CHECK(kind_of("packages/a/.envrc", k_file) == FindingKind::tool_file);
  CHECK(kind_of(".vscode/tasks.json", k_file) == FindingKind::tool_file);
  CHECK(kind_of(".claude/settings.json", k_file) == FindingKind::tool_file);
  CHECK(kind_of("x", S_IFREG | 04755U) == FindingKind::set_id);
  CHECK(kind_of("x", S_IFREG | 02644U) == FindingKind::set_id);
  CHECK_FALSE(kind_of("directory", S_IFDIR | 02755U));
  CHECK(kind_of("node_modules/.bin/tsc", k_link, "../typescript/bin/tsc") == FindingKind::program);
  CHECK(kind_of(".venv/bin/pip", k_program) == FindingKind::program);
  CHECK_FALSE(kind_of(".venv/bin/activate.txt", k_file));
  CHECK(kind_of("a", k_link, "/etc/passwd") == FindingKind::link_out);
  CHECK(kind_of("a/b", k_link, "../../x") == FindingKind::link_out);
  CHECK(kind_of("fifo", S_IFIFO | 0644U) == FindingKind::special);
  CHECK(kind_of("socket", S_IFSOCK | 0644U) == FindingKind::special);
}

TEST_CASE("links that point outside, by their target's text") {
  CHECK(leads_out("a", ".."));
  CHECK(leads_out("a/b", "x/../../.."));
  CHECK(leads_out("a", "/"));
  CHECK_FALSE(leads_out("a/b", ".."));
  CHECK(leads_out("a/b", "../c/../d")); // c may be a link to anywhere in the tree, and then this is above it
  CHECK_FALSE(leads_out("a/b/c", "../.././d"));
  CHECK_FALSE(leads_out("a", "..x"));
  CHECK_FALSE(leads_out("a", ""));
}
