// SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "good_host.hpp"

#include <set>

using namespace agentbox::doctor;
using agentbox::doctor::test::contains;
using agentbox::doctor::test::find;
using agentbox::doctor::test::good_host;

TEST_CASE("a good host has no problem") {
  const auto findings = examine(good_host());
  CHECK(enforceable(findings));
  std::set<std::string> ids;
  for (const CheckResult& finding : findings) {
    INFO(finding.id << ": " << finding.detail);
    CHECK((finding.status == Status::ok || finding.id == "selinux"));
    CHECK(finding.remedy.empty());
    CHECK(ids.insert(finding.id).second);
  }
}

TEST_CASE("every finding that is not ok has a remedy, and every check can fail") {
  const HostReport nothing; // nothing is installed, and the user is root
  const auto findings = examine(nothing);
  CHECK_FALSE(enforceable(findings));
  for (const CheckResult& finding : findings) {
    INFO(finding.id);
    CHECK_FALSE(finding.detail.empty());
    const bool bad = finding.status == Status::missing || finding.status == Status::degraded;
    CHECK(bad != finding.remedy.empty());
  }
}

TEST_CASE("root is not a user for boxes") {
  HostReport report = good_host();
  CHECK(find(report, "user").status == Status::ok);
  report.uid = 0;
  CHECK(find(report, "user").status == Status::missing);
  for (const char* id : {"subids", "runtime_directory", "linger"}) {
    CHECK(find(report, id).status == Status::not_applicable);
  }
}

TEST_CASE("subordinate ids") {
  HostReport report = good_host();
  SECTION("too few uids: the remedy gives a range that nobody has") {
    report.subuid = {65535, 300000};
    const CheckResult finding = find(report, "subids");
    CHECK(finding.status == Status::missing);
    CHECK(finding.remedy == "sudo usermod --add-subuids 300000-365535 dev && podman system migrate");
  }
  SECTION("neither uids nor gids") {
    report.subuid = {0, 165536};
    report.subgid = {0, 231072};
    CHECK(find(report, "subids").remedy ==
          "sudo usermod --add-subuids 231072-296607 --add-subgids 231072-296607 dev && podman system migrate");
  }
  SECTION("a range that Podman has not noticed") {
    report.podman.facts->uid_map = false;
    const CheckResult finding = find(report, "subids");
    CHECK(finding.status == Status::missing);
    CHECK(finding.remedy == "podman system migrate");
  }
}

TEST_CASE("newuidmap and newgidmap") {
  HostReport report = good_host();
  SECTION("not installed") {
    report.newgidmap = {};
    const CheckResult finding = find(report, "id_helpers");
    CHECK(finding.status == Status::missing);
    CHECK(contains(finding.detail, "newgidmap"));
    CHECK(finding.remedy == "sudo apt-get install uidmap");
  }
  SECTION("without the rights they need") {
    report.newuidmap.privileged = false;
    const CheckResult finding = find(report, "id_helpers");
    CHECK(finding.status == Status::missing);
    CHECK(finding.remedy == "sudo chmod u+s /usr/bin/newuidmap");
  }
}

TEST_CASE("the runtime directory") {
  HostReport report = good_host();
  SECTION("another user's") {
    report.runtime_problem = "/run/user/1000 belongs to another user";
    CHECK(find(report, "runtime_directory").status == Status::missing);
    CHECK(contains(find(report, "runtime_directory").remedy, "loginctl enable-linger dev"));
    report.systemd = false;
    CHECK(contains(find(report, "runtime_directory").remedy, "sudo install -d -o dev -m 700 /run/user/1000"));
  }
  SECTION("below /tmp works") {
    report.runtime_fallback = true;
    CHECK(find(report, "runtime_directory").status == Status::degraded);
  }
}

TEST_CASE("linger is reported, not judged") {
  HostReport report = good_host();
  CHECK(contains(find(report, "linger").detail, "enable-linger dev"));
  report.linger = true;
  CHECK(contains(find(report, "linger").detail, "keeps running"));
  report.linger.reset();
  CHECK(find(report, "linger").status == Status::not_applicable);
}
