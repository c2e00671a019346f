// SPDX-License-Identifier: Apache-2.0
#include "policy/path_rules.hpp"

#include <string>

#include "catch.hpp"

namespace policy = agentbox::policy;

TEST_CASE("normal paths") {
  for (const char* path : {"/", "/a", "/a/b.c", "/a/..b", "/a,b:c \"'\n"}) {
    INFO(path);
    CHECK(policy::is_normal_absolute(path));
  }
  for (const char* path : {"", "a", "//", "/a/", "/a//b", "/./a", "/a/..", "/../a"}) {
    INFO(path);
    CHECK_FALSE(policy::is_normal_absolute(path));
  }
  CHECK_FALSE(policy::is_normal_absolute(std::string("/a\0b", 4)));
  CHECK(policy::is_normal_relative(".git/hooks"));
  for (const char* path : {"", "/a", "a/", "../a", "a/../b", "."}) {
    INFO(path);
    CHECK_FALSE(policy::is_normal_relative(path));
  }
}

TEST_CASE("containment compares whole components") {
  CHECK(policy::contains_path("/a", "/a"));
  CHECK(policy::contains_path("/a", "/a/b"));
  CHECK(policy::contains_path("/", "/a"));
  CHECK_FALSE(policy::contains_path("/a", "/ab"));
  CHECK_FALSE(policy::contains_path("/a/b", "/a"));
  CHECK(policy::overlap("/a/b", "/a"));
  CHECK_FALSE(policy::overlap("/a/b", "/a/c"));
}

TEST_CASE("what the box is made of cannot be mounted over") {
  for (const char* path : {"/",
                           "/proc",
                           "/proc/sys",
                           "/sys",
                           "/dev/shm",
                           "/run",
                           "/run/agentbox",
                           "/etc",
                           "/etc/passwd",
                           "/etc/resolv.conf",
                           "/etc/ld.so.preload",
                           "/usr",
                           "/usr/bin",
                           "/bin",
                           "/lib64",
                           "/home",
                           "/tmp",
                           "/usr/local/bin/agent-entrypoint",
                           "/usr/local/bin",
                           "/boot"}) {
    INFO(path);
    CHECK_FALSE(policy::destination_problem(path).empty());
  }
  for (const char* path : {"/mnt/data", "/data", "/home/agent", "/home/agent/.codex/auth.json", "/opt/tool", "/srv",
                           "/tmp/x", "/etc/my-tool", "/usr/share/fonts", "/workspace"}) {
    INFO(path);
    CHECK(policy::destination_problem(path).empty());
  }
}
