// SPDX-License-Identifier: Apache-2.0
#include "image/family.hpp"

#include "catch.hpp"

using namespace agentbox::image;

TEST_CASE("the family comes from ID, else from ID_LIKE") {
  CHECK(family_of_os_release(
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nID=debian\n") == Family::apt);
  CHECK(family_of_os_release("ID=ubuntu\nID_LIKE=debian\n") == Family::apt);
  CHECK(family_of_os_release("NAME=\"Fedora Linux\"\nID=fedora\nVERSION_ID=41\n") == Family::dnf);
  CHECK(family_of_os_release("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n") == Family::dnf);
  CHECK(family_of_os_release("NAME=\"Alpine Linux\"\nID=alpine\n") == Family::apk);
  CHECK(family_of_os_release("ID=\"opensuse-tumbleweed\"\nID_LIKE=\"opensuse suse\"\n") == Family::zypper);
  CHECK(family_of_os_release("ID=arch\n") == Family::pacman);
  CHECK(family_of_os_release("ID=pop\nID_LIKE=\"ubuntu debian\"\r\n") == Family::apt);
  CHECK(family_of_os_release("ID=endeavouros\nID_LIKE='arch'") == Family::pacman);
}

TEST_CASE("no known word, no family") {
  CHECK_FALSE(family_of_os_release(""));
  CHECK_FALSE(family_of_os_release("ID=nixos\n"));
  CHECK_FALSE(family_of_os_release("VERSION_ID=debian\nXID=debian\n"));
  CHECK_FALSE(family_of_os_release("ID=\"debian\n"));
}

TEST_CASE("only Alpine's C library is musl") {
  CHECK(uses_musl(Family::apk));
  for (const Family family : {Family::apt, Family::dnf, Family::zypper, Family::pacman}) {
    CHECK_FALSE(uses_musl(family));
  }
}
