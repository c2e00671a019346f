// SPDX-License-Identifier: Apache-2.0
// Paths in the workspace that the Git configuration refers to, and how they are handled.
#include <filesystem>

#include <fstream>

#include "box/announce.hpp"
#include "guard/guard.hpp"
#include "guard/path_patterns.hpp"
#include "guard/workspace_walk.hpp"

#include "box.hpp"
#include "support/error.hpp"
#include "temp_directory.hpp"

using namespace agentbox;
using namespace agentbox::guard;
namespace fs = std::filesystem;
using Words = std::vector<std::string>;

namespace {

const Words k_protect = {".agentbox", ".envrc", ".git/commondir", ".git/config", ".git/config.worktree", ".git/hooks"};

Guarded guarded_in(const fs::path& root, const Words& except = {}) {
  return find_guarded(root, {k_protect, {".env"}, except});
}

Words references_in(const fs::path& root, const Words& except = {}) {
  return guarded_in(root, except).references.read_only;
}

/// A home directory for one test: the user's settings count as well.
class Home {
public:
  Home() : m_old(std::getenv("HOME") == nullptr ? "" : std::getenv("HOME")) {
    setenv("HOME", m_directory.path().c_str(), 1);
    unsetenv("XDG_CONFIG_HOME");
  }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;
  Home(Home&&) = delete;
  Home& operator=(Home&&) = delete;
  ~Home() { setenv("HOME", m_old.c_str(), 1); }

  fs::path write(const std::string& name, const std::string& text) const { return m_directory.write(name, text); }
  fs::path operator/(const char* name) const { return m_directory / name; }

private:
  std::string m_old;
  tests::TempDirectory m_directory;
};

} // namespace

TEST_CASE("hooks directories and included files are protected, and what these name") {
  const Home home;
  const fs::path root = home / "w";
  home.write("w/.git/config",
             "[core]\nhooksPath = tools/../.githooks/\n[include]\npath = ../.gitconfig\npath = ~/w/mine\n"
             "path = /etc/passwd\npath = ../../out\n[includeIf \"onbranch:x\"]\npath = " +
                 (root / "absolute").string() + "\n");
  home.write("w/.gitconfig", "[include]\npath = sub/more\npath = .gitconfig\n[core]\nhooksPath = missing\n");
  for (const char* file : {"w/.githooks/post-checkout", "w/absolute", "w/sub/more", "w/tools/x", "w/mine", "out"}) {
    home.write(file, "");
  }
  const Guarded guarded = guarded_in(root);
  CHECK(guarded.references.read_only == Words{".gitconfig", ".githooks", "absolute", "mine", "sub/more"});
  CHECK(guarded.read_only.size() == 6); // and the config itself
  CHECK(guarded.references.referenced == Words{".gitconfig", ".githooks", "absolute", "mine", "missing", "sub/more"});
  CHECK(find_guarded(root, {{".git/hooks"}, {}, {}}).references.referenced.empty());
}

TEST_CASE("files that commands name are protected") {
  const Home home;
  const fs::path root = home / "w";
  const std::string lines[] = {"[core]\nfsmonitor = tools/x",
                               "[core]\nsshCommand = ssh -F tools/x",
                               "[alias]\na = !cd tools && ./x",
                               "[delta]\npager = ./tools/x",
                               "[tig]\neditor = ./tools/x",
                               "[bind]\ngeneric = !sh tools/x",
                               "[svn]\nauthorsProg = ./tools/x",
                               "[annex]\nsecure-erase-command = tools/x %file",
                               "[stgit]\nsmtpserver = ./tools/x",
                               "[branch \"a\"]\nremote = ext::tools/x %S",
                               "[url \"ext::tools/x \"]\ninsteadOf = a:",
                               "[core]\neditor = \"'tools/x' --wait\"",
                               "[core]\npager = less | tools/x",
                               "[core]\naskPass = ./tools/x",
                               "[core]\ngitProxy = tools/x for y",
                               "[core]\nalternateRefsCommand = tools/x",
                               "[sequence]\neditor = tools/x",
                               "[credential]\nhelper = !tools/x",
                               "[filter \"a\"]\nclean = python3 tools/x %f",
                               "[filter \"a\"]\nprocess = sh -c 'exec tools/x'",
                               "[diff \"a\"]\ntextconv = tools/x",
                               "[diff]\nexternal = tools/x",
                               "[merge \"a\"]\ndriver = tools/x %O %A",
                               "[mergetool \"a\"]\ncmd = tools/x $BASE",
                               "[difftool \"a\"]\npath = tools/x",
                               "[gpg]\nprogram = tools/x",
                               "[gpg \"ssh\"]\ndefaultKeyCommand = tools/x",
                               "[alias]\na = !f() { tools/x; }; f",
                               "[alias]\na = rebase --exec tools/x",
                               "[interactive]\ndiffFilter = tools/x",
                               "[uploadpack]\npackObjectsHook = tools/x",
                               "[remote \"a\"]\nuploadpack = tools/x",
                               "[remote \"a\"]\nurl = ext::tools/x %S",
                               "[pager]\nlog = tools/x",
                               "[browser \"a\"]\ncmd = tools/x",
                               "[alias]\na = !sh $(git rev-parse --show-toplevel)/tools/x",
                               "[alias]\na = !\\\"$GIT_DIR\\\"/../tools/x",
                               "[alias]\na = !~/w/tools/x",
                               "[alias]\na = !$HOME/w/tools/x $HOME/w"};
  home.write("w/tools/x", "");
  home.write("w/tools/y", "");
  for (const std::string& line : lines) {
    const bool by_variable = line.find("$HOME") != std::string::npos; // the value of HOME is not looked up
    INFO(line);
    home.write("w/.git/config", line + "\n");
    CHECK(references_in(root) == (by_variable ? Words{} : Words{"tools/x"}));
  }
  for (const char* line : {"[core]\nfsmonitor = true", "[core]\neditor = vim", "[user]\nname = tools/x",
                           "[branch \"tools/x\"]\nmerge = tools/x", "[alias]\na = !tools/missing",
                           "[alias]\na = !tools", "# [core]\n# editor = tools/x"}) {
    INFO(line);
    home.write("w/.git/config", std::string(line) + "\n");
    CHECK(references_in(root).empty());
  }
}

TEST_CASE("variables and wildcards match the files that exist") {
  const session_test::RuntimeDirectory directory;
  for (const char* path : {"a.sh", "b.txt", "tools/x/run", "tools/y/run", "src/a.c", "hooks/one", "hooks/two"}) {
    fs::create_directories((directory.path() / path).parent_path());
    std::ofstream(directory.path() / path) << "x";
  }
  fs::permissions(directory.path() / "hooks/one", fs::perms::owner_all);
  const Walk walk(directory.path());
  using Paths = std::vector<std::string>;
  CHECK(paths_like(walk, "./${x}.sh") == Paths{"a.sh"});
  CHECK(paths_like(walk, "./$x.t*") == Paths{"b.txt"});
  CHECK(paths_like(walk, "tools/$x/run") == Paths{"tools/x/run", "tools/y/run"});
  CHECK(paths_like(walk, "./*.sh") == Paths{"a.sh"});
  CHECK(paths_like(walk, "hooks/*o*") == Paths{"hooks/one"});
  for (const char* other : {"src/*.c", "*.sh", "$x/a.sh", "./$1", "../*.sh", "/a*.sh", "a.sh", "no/such*"}) {
    INFO(other);
    CHECK(paths_like(walk, other).empty());
  }
}

TEST_CASE("missing files that commands name, and those behind a link, are examined at the end") {
  const Home home;
  const fs::path root = home / "w";
  home.write("w/.git/config", "[alias]\na = !tools/missing\nb = !venv/bin/python x\n[filter \"x\"]\nclean = link/x\n");
  home.write("w/real/x", "");
  fs::create_directories(root / "venv/bin");
  fs::create_symlink("/bin/sh", root / "venv/bin/python");
  fs::create_directory_symlink("real", root / "link");
  const Guarded guarded = guarded_in(root);
  CHECK(guarded.references.read_only == Words{"real/x"});
  for (const char* path : {"tools/missing", "venv/bin/python", "link", "link/x", "real/x"}) {
    INFO(path);
    CHECK(guarded.references.command_files.contains(path));
  }
}

TEST_CASE("a repository's own data and what is guarded otherwise are not programs") {
  const Home home;
  home.write("w/.git/config",
             "[alias]\na = !cat .git/HEAD .git/COMMIT_EDITMSG .git/logs/HEAD .env .git/tool sub/.git/HEAD\n");
  for (const char* file : {"w/.git/HEAD", "w/.git/COMMIT_EDITMSG", "w/.git/logs/HEAD", "w/.env", "w/.git/tool"}) {
    home.write(file, "");
  }
  CHECK(references_in(home / "w") == Words{".git/tool"});
}

TEST_CASE("submodules' and worktrees' own settings are followed, from their own working trees") {
  const Home home;
  const fs::path root = home / "w";
  home.write("w/.git/config", "[core]\nhooksPath = .githooks\n[extensions]\nworktreeConfig = true\n");
  home.write("w/.git/modules/s/HEAD", "x");
  home.write("w/.git/modules/s/config", "[core]\nworktree = ../../../libs/s\nhooksPath = ./hk\n[alias]\na = !run/it\n");
  home.write("w/.git/worktrees/t/gitdir", (root / "trees/t/.git").string() + "\n");
  home.write("w/.git/worktrees/t/commondir", "../..\n");
  home.write("w/.git/worktrees/t/config.worktree", "[core]\neditor = ed/it\n");
  for (const char* file : {"w/libs/s/hk/x", "w/libs/s/run/it", "w/trees/t/.githooks/x", "w/trees/t/ed/it", "w/hk/x",
                           "w/run/it", "w/.githooks/x"}) {
    home.write(file, "");
  }
  const Guarded guarded = guarded_in(root);
  CHECK(guarded.references.read_only ==
        Words{".githooks", "libs/s/hk", "libs/s/run/it", "trees/t/.githooks", "trees/t/ed/it"});
  for (const char* path : {".git/modules/s/config", ".git/worktrees/t"}) {
    CHECK(std::count(guarded.read_only.begin(), guarded.read_only.end(), path) == 1);
  }
}

TEST_CASE("the user's own settings, those around the workspace and those of its repository elsewhere are followed") {
  const Home home;
  home.write("dot/gitconfig", "[core]\nhooksPath = .githooks\n[include]\npath = more\n");
  home.write("more", "[alias]\na = !./x\n");
  fs::create_symlink(home / "dot/gitconfig", home / ".gitconfig");
  home.write(".config/git/config", "[core]\npager = ./y\n");
  for (const char* file : {"w/.githooks/a", "w/x", "w/y", "p/sub/hk/a", "m/hk/a"}) {
    home.write(file, "");
  }
  CHECK(references_in(home / "w").empty()); // no repository: Git does nothing there
  fs::create_directories(home / "w/.git");
  CHECK(references_in(home / "w") == Words{".githooks", "x", "y"});
  fs::remove(home / ".gitconfig");
  home.write(".config/git/config", "");
  CHECK(references_in(home / "w").empty());
  home.write("p/.git/config", "[core]\nhooksPath = sub/hk\n");
  CHECK(references_in(home / "p/sub") == Words{"hk"});
  home.write("m/.git", "gitdir: ../p/.git/worktrees/m\n");
  home.write("p/.git/worktrees/m/commondir", "../..\n");
  home.write("p/.git/config", "[core]\nhooksPath = hk\n");
  CHECK(references_in(home / "m") == Words{"hk"});
}

TEST_CASE("a repository that the .git file names inside the workspace is guarded as .git is") {
  const Home home;
  home.write("w/.git", "gitdir: ./.bare\n");
  home.write("w/.bare/config", "[core]\nhooksPath = .githooks\n");
  home.write("w/.githooks/x", "");
  const Guarded guarded = guarded_in(home / "w");
  CHECK(guarded.read_only == Words{".bare/config", ".git", ".githooks"});
  CHECK(std::any_of(guarded.missing.begin(), guarded.missing.end(),
                    [](const MissingPath& one) { return one.path == ".bare/hooks" && one.directory; }));
}

TEST_CASE("more references than can be protected are refused, and so are settings too long to be read") {
  const Home home;
  const fs::path root = home / "w";
  std::string config = "[include]\n";
  for (std::size_t i = 1; i <= k_max_references; ++i) {
    config += "path = ../" + std::to_string(i) + "\n";
    home.write("w/" + std::to_string(i), "");
  }
  home.write("w/last", "");
  home.write("w/.git/config", config);
  CHECK(references_in(root).size() == k_max_references);
  home.write("w/.git/config", config + "path = ../last\n");
  CHECK_THROWS_WITH(guarded_in(root), Catch::Matchers::Contains("too many") && Catch::Matchers::Contains("1"));
  CHECK(references_in(root, {"last"}).size() == k_max_references);

  home.write("w/.git/config", std::string(1U << 20U, '#'));
  CHECK_NOTHROW(guarded_in(root));
  for (const char* file : {"w/.git/config", "w/.git/modules/m/config", "w/included", ".gitconfig"}) {
    INFO(file);
    home.write("w/.git/config", "[include]\npath = ../included\n");
    home.write("w/.git/modules/m/HEAD", "");
    CHECK_NOTHROW(guarded_in(root));
    home.write(file, std::string((1U << 20U) + 1, '#'));
    try {
      guarded_in(root);
      FAIL("accepted");
    } catch (const support::Error& error) {
      CHECK(error.code() == support::ExitCode::refused);
      CHECK(std::string(error.what()).find((home / file).string() + " has 1048577 bytes") != std::string::npos);
      CHECK(error.hint().find("shorten it") != std::string::npos);
    }
    home.write(file, "");
  }
}

TEST_CASE("an exception leaves a referenced path writable, and an unused exception is detected") {
  const Home home;
  const fs::path root = home / "w";
  home.write("w/.git/config", "[core]\nhooksPath = .githooks\n[alias]\na = !tools/x\n");
  home.write("w/.githooks/x", "");
  home.write("w/tools/x", "");
  CHECK(references_in(root) == Words{".githooks", "tools/x"});
  const Guarded guarded = guarded_in(root, {".enrvc", ".githooks"});
  CHECK(guarded.references.read_only == Words{"tools/x"});
  CHECK(guarded.references.unused_exceptions == Words{".enrvc"});
  CHECK(guarded.references.referenced == Words{".githooks"}); // and is examined at the end
  CHECK(references_in(root, {"tools"}) == Words{".githooks"});
  CHECK(references_in(root, {"tool"}) == Words{".githooks", "tools/x"});

  policy::Workspace workspace;
  workspace.protect = k_protect;
  const auto lines = box::protection_notices(guarded.references, workspace);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find("tools/x (to make one writable: [protect] except") != std::string::npos);
  CHECK(lines[1].find(".envrc") != std::string::npos);
  CHECK(box::protection_notices({}, workspace).empty());
}
