// SPDX-License-Identifier: Apache-2.0
#include "review/git_settings.hpp"

#include "catch.hpp"

using namespace agentbox::review;
using Words = std::vector<std::string>;

TEST_CASE("settings by which Git runs commands are named, others are not") {
  CHECK(commanding_keys("[core]\n\tbare = false\n[user]\n\tname = x\n[remote \"origin\"]\n\turl = x\n"
                        "[branch \"main\"]\n\tmerge = refs/heads/main\n")
            .empty());
  CHECK(commanding_keys("[core]\n\tfsmonitor = ./evil\n") == Words{"core.fsmonitor"});
  CHECK(commanding_keys("[CORE] FsMonitor=x") == Words{"core.fsmonitor"});
  CHECK(commanding_keys("  [ core ]\nsshCommand\n") == Words{"core.sshcommand"});
  CHECK(commanding_keys("[filter \"x\"]\nclean = a\nsmudge = b\n") == Words{"filter.clean", "filter.smudge"});
  CHECK(commanding_keys("[include]\npath = ../x\n[includeIf \"gitdir:x\"]\npath=y") ==
        Words{"include.path", "includeif.path"});
  CHECK(commanding_keys("[diff \"a]b\"]\ntextconv = x\n") == Words{"diff.textconv"});
  CHECK(commanding_keys("[alias]\nst = !evil\n[core][core]pager=x\n") == Words{"alias.st", "core.pager"});
}

TEST_CASE("any bytes are read, in bounded time") {
  CHECK(commanding_keys("").empty());
  CHECK(commanding_keys("[").empty());
  CHECK(commanding_keys("[[[[\n]\n=\n").empty());
  CHECK(commanding_keys(std::string("\0\xff[core\0]\n", 9)).empty());
  std::string many;
  for (int i = 0; i < 1000; ++i) {
    many += "[alias]\na" + std::to_string(i) + "=x\n";
  }
  CHECK(commanding_keys(many).size() == 16);
}

TEST_CASE("attributes that name drivers") {
  CHECK(names_drivers("*.c filter=x\n"));
  CHECK(names_drivers("*.c text diff=y"));
  CHECK_FALSE(names_drivers("*.c text eol=lf\n"));
}
