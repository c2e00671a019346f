// SPDX-License-Identifier: Apache-2.0
#include "guard/git_carried.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "box.hpp"
#include "catch.hpp"
#include "support/error.hpp"

using namespace agentbox;
using namespace agentbox::guard;
namespace fs = std::filesystem;
using Values = std::map<std::string, std::string>;

namespace {

class Host {
public:
  fs::path operator/(const fs::path& path) const { return m_directory.path() / path; }
  void write(const std::string& path, const std::string& text) const {
    const fs::path whole = m_directory.path() / path;
    fs::create_directories(whole.parent_path());
    std::ofstream(whole, std::ios::binary) << text;
  }
  CarriedSettings carried(const char* workspace = "w") const {
    const fs::path home = m_directory.path();
    fs::create_directories(home / workspace);
    return carried_settings(
        {{home / "system", home / ".config/git/config", home / ".gitconfig"}, home, home / ".config/git"},
        home / workspace);
  }

private:
  session_test::RuntimeDirectory m_directory;
};

} // namespace

TEST_CASE("settings of who commits and how Git behaves are copied, the last file wins") {
  const Host host;
  host.write("system", "[user]\nname = System\n[init]\ndefaultBranch = trunk\n");
  host.write(".gitconfig",
             "[user]\nname = A \\\"B\\\" # c\nemail = a@example.com\n[pull]\nrebase\n[core]\nautocrlf = input\n");
  const CarriedSettings carried = host.carried();
  CHECK(carried.values == Values{{"core.autocrlf", "\"input\""},
                                 {"init.defaultbranch", "\"trunk\""},
                                 {"pull.rebase", "\"true\""},
                                 {"user.email", "\"a@example.com\""},
                                 {"user.name", "\"A \\\"B\\\"\""}});
  CHECK(carried.files.at("gitconfig") == "# The user's settings on the host, without anything that runs a program.\n"
                                         "[include]\n\tpath = /etc/gitconfig\n"
                                         "[core]\n\tautocrlf = \"input\"\n"
                                         "[init]\n\tdefaultbranch = \"trunk\"\n"
                                         "[pull]\n\trebase = \"true\"\n"
                                         "[user]\n\temail = \"a@example.com\"\n"
                                         "[user]\n\tname = \"A \\\"B\\\"\"\n");
  CHECK(carried.notices.empty());
  CHECK(Host().carried().files.empty());
}

TEST_CASE("nothing that runs a program, connects elsewhere or is a credential is carried") {
  const Host host;
  host.write(
      ".gitconfig",
      "[alias]\nx = !touch /tmp/x\n[core]\npager = p\neditor = e\nhooksPath = h\nfsmonitor = f\nsshCommand = s\n"
      "askPass = a\nattributesFile = /nowhere\n[credential]\nhelper = store\n[url \"https://u:t@h/\"]\n"
      "insteadOf = https://h/\n[http]\nextraHeader = secret\nproxy = p\n[diff]\nexternal = d\n"
      "[diff \"x\"]\ncommand = c\ntextconv = t\n[merge \"x\"]\ndriver = d\n[merge]\ntool = t\n[user]\nsigningKey = k\n"
      "[gpg]\nprogram = g\n[sendemail]\nsmtpPass = p\n[include]\npath = more\n[pager]\nlog = l\n[color \"a.b\"]\nc = "
      "red\n"
      "[sequence]\neditor = e\n[interactive]\ndiffFilter = d\n[safe]\ndirectory = *\n[protocol]\nallow = always\n");
  CHECK(host.carried().values.empty());
  CHECK(host.carried().files.empty());
}

TEST_CASE("a value that cannot be written in one line is left out") {
  const Host host;
  host.write(".gitconfig",
             "[user]\nname = \"a\\nb\"\nemail = \xff\n[init]\ndefaultBranch = " + std::string(1025, 'x') + "\n");
  CHECK(host.carried().values.empty());
}

TEST_CASE("includes are followed, and conditions evaluated for the workspace's repository") {
  const Host host;
  host.write("w/.git/HEAD", "ref: refs/heads/feature/x\n");
  host.write("w/.git/config", "[remote \"o\"]\nurl = https://git.example/team/app.git\n");
  host.write("other/.git/HEAD", "ref: refs/heads/main\n");
  const auto email = [&](const std::string& condition, const char* workspace = "w") {
    host.write(".gitconfig", "[user]\nemail = home\n[includeIf \"" + condition + "\"]\npath = work\n");
    return host.carried(workspace).values.at("user.email");
  };
  host.write("work", "[user]\nemail = work\n");
  const std::string root = (host / "").string();
  for (const std::string& condition :
       {std::string("gitdir:~/w/"), std::string("gitdir:w/"), "gitdir:" + root + "w/.git", std::string("gitdir:./w/**"),
        std::string("gitdir:~/*/.git"), std::string("gitdir/i:~/W/"), std::string("gitdir:**/[v-x]/.git"),
        std::string("onbranch:feature/"), std::string("onbranch:feature/*"), std::string("onbranch:**/x"),
        std::string("hasconfig:remote.*.url:https://git.example/**")}) {
    INFO(condition);
    CHECK(email(condition) == "\"work\"");
    CHECK(email(condition, "other") == (condition == "gitdir:~/*/.git" ? "\"work\"" : "\"home\""));
  }
  for (const char* condition :
       {"gitdir:~/W/", "gitdir:~/w", "gitdir:/w/", "onbranch:feature", "onbranch:*", "onbranch:main", "nonsense:x",
        "hasconfig:remote.*.url:https://other/**", "onbranch:"}) {
    INFO(condition);
    CHECK(email(condition) == "\"home\"");
  }
  host.write(".gitconfig", "[include]\npath = a\n");
  host.write("a", "[include]\npath = a\n[user]\nemail = loop\n"); // Git refuses this; we stop reading
  CHECK(host.carried().values.at("user.email") == "\"loop\"");
}

TEST_CASE("lists of ignored files and attributes are copied, named or in their usual place") {
  const Host host;
  host.write(".config/git/ignore", "*.swp\n");
  CHECK(host.carried().files.at("gitignore") == "*.swp\n");
  host.write(".gitconfig", "[core]\nexcludesFile = ~/mine\nattributesFile = " + (host / "attributes").string() + "\n");
  host.write("mine", "*.log\n");
  host.write("attributes", "*.png binary\n");
  const CarriedSettings carried = host.carried();
  CHECK(carried.files.at("gitignore") == "*.log\n");
  CHECK(carried.files.at("gitattributes") == "*.png binary\n");
  CHECK(carried.files.at("gitconfig").find("excludesFile = /run/agentbox/gitignore\n") != std::string::npos);
  CHECK(carried.files.at("gitconfig").find("attributesFile = /run/agentbox/gitattributes\n") != std::string::npos);
  host.write("mine", std::string((1U << 20U) + 1, 'x'));
  CHECK_THROWS_AS(host.carried(), support::Error);
}

TEST_CASE(
    "a filter that the repository uses and the box lacks is reported; if it is required, Git in the box refuses") {
  const Host host;
  host.write(
      ".gitconfig",
      "[filter \"crypt\"]\nclean = c\nrequired = true\n[filter \"strip\"]\nclean = s\n[filter \"unused\"]\nclean = u\n"
      "[filter \"lfs\"]\nclean = l\nrequired\n");
  host.write("w/.gitattributes",
             "secret/* filter=crypt diff=crypt\n*.ipynb\tfilter=strip\n*.bin filter=lfs\n*.x filter=nowhere\n"
             "# nofilter=unused\n");
  const CarriedSettings carried = host.carried();
  REQUIRE(carried.notices.size() == 2);
  CHECK(carried.notices[0] ==
        "Git's filter \"crypt\" is not in the box: Git in the box refuses the files that need it");
  CHECK(carried.notices[1] == "Git's filter \"strip\" is not in the box: files are committed there without it");
  // Even for files that attributes in a subdirectory name, and where an image has no git-lfs.
  CHECK(carried.files.at("gitconfig")
            .ends_with("[filter \"crypt\"]\n\trequired = true\n[filter \"lfs\"]\n\trequired = true\n"));
}

TEST_CASE("the settings of a repository that a .git file names count as well") {
  const Host host;
  host.write(".gitconfig", "[includeIf \"onbranch:b\"]\npath = work\n");
  host.write("work", "[user]\nemail = work\n");
  for (const char* directory : {"w/store", "main/.git/worktrees/t"}) {
    host.write(std::string(directory) + "/HEAD", "ref: refs/heads/b\n");
    host.write("w/.git", "gitdir: " + (host / directory).string() + "\n");
    host.write("main/.git/worktrees/t/commondir", "../..\n");
    host.write("main/.git/worktrees/t/gitdir", (host / "w/.git").string() + "\n");
    for (const char* settings : {"w/store/config", "main/.git/config"}) {
      host.write(settings, "[commit]\ngpgSign\n");
    }
    INFO(directory);
    CHECK(host.carried().values == Values{{"user.email", "\"work\""}});
    CHECK(host.carried().environment.at("GIT_CONFIG_KEY_0") == "commit.gpgsign");
  }
}

TEST_CASE("commits are not signed in the box, whoever asks for it") {
  const Host host;
  host.write(".gitconfig", "[commit]\ngpgSign = true\n");
  CHECK(host.carried().notices.size() == 1);
  CHECK(host.carried().environment.empty()); // the setting is not carried
  host.write("w/.git/config", "[commit]\ngpgSign\n[tag]\ngpgSign = false\n");
  CHECK(host.carried().environment ==
        Values{{"GIT_CONFIG_COUNT", "1"}, {"GIT_CONFIG_KEY_0", "commit.gpgsign"}, {"GIT_CONFIG_VALUE_0", "false"}});
  host.write(".gitconfig", "[commit]\ngpgSign = false\n");
  host.write("w/.git/config", "");
  CHECK(host.carried().notices.empty());
}

TEST_CASE("the work for a hostile repository is bounded, and its links are not followed") {
  const Host host;
  host.write(".gitconfig", "[includeIf \"onbranch:" + std::string(20, '*') +
                               "/**/**/a/**/b/**/c\"]\npath = work\n[user]\nname = a\n");
  host.write("w/.git/HEAD", "ref: refs/heads/" + std::string(4000, '/') + "\n");
  CHECK(host.carried().values.size() == 1);
  fs::remove(host / "w/.git/HEAD");
  fs::create_symlink("/etc/passwd", host / "w/.git/HEAD");
  CHECK(host.carried().values.size() == 1);
  fs::create_symlink("/etc/passwd", host / "w/.gitattributes");
  CHECK(host.carried().values.size() == 1);
}
