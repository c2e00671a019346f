// SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "good_host.hpp"

using namespace agentbox::doctor;
using agentbox::doctor::test::contains;
using agentbox::doctor::test::find;
using agentbox::doctor::test::good_host;
using agentbox::podman::Version;

TEST_CASE("Podman is installed and new enough") {
  HostReport report = good_host();
  SECTION("not installed") {
    report.podman = {};
    CHECK(find(report, "podman").status == Status::missing);
    CHECK(find(report, "podman").remedy == "sudo apt-get install podman");
    CHECK(find(report, "oci_runtime").status == Status::not_applicable);
    CHECK(find(report, "network_program").status == Status::not_applicable);
    CHECK_FALSE(enforceable(examine(report)));
  }
  SECTION("the oldest that works, and the one before it") {
    report.podman.version = Version{4, 3, 0};
    CHECK(find(report, "podman").status == Status::ok);
    report.podman.version = Version{4, 2, 9};
    CHECK(find(report, "podman").status == Status::missing);
    CHECK(contains(find(report, "podman").detail, "4.2.9 is too old"));
  }
  SECTION("it does not answer") {
    report.podman.facts.reset();
    report.podman.error = "cannot clone: Operation not permitted";
    report.podman.error_hint = "see user namespaces";
    const CheckResult finding = find(report, "podman");
    CHECK(finding.status == Status::missing);
    CHECK(finding.detail == report.podman.error);
    CHECK(finding.remedy == report.podman.error_hint);
  }
}

TEST_CASE("the OCI runtime is one that enforces the contract") {
  HostReport report = good_host();
  CHECK(find(report, "oci_runtime").detail == "crun 1.8.1");
  report.podman.runtime_version.clear();
  CHECK(find(report, "oci_runtime").detail == "crun, version unknown");
  report.podman.facts->oci_runtime = "runc";
  CHECK(find(report, "oci_runtime").status == Status::degraded);
  report.podman.facts->oci_runtime = "kata";
  CHECK(find(report, "oci_runtime").status == Status::missing);
  CHECK(contains(find(report, "oci_runtime").remedy, "sudo apt-get install crun"));
}

TEST_CASE("the rootless network program that this Podman calls") {
  HostReport report = good_host();
  SECTION("Podman 4 without slirp4netns") {
    report.podman.facts->network_program = "";
    report.slirp4netns = "";
    CHECK(find(report, "network_program").status == Status::missing);
    CHECK(find(report, "network_program").remedy == "sudo apt-get install slirp4netns");
  }
  SECTION("Podman 4.3 cannot call pasta, so pasta alone does not help") {
    report.podman.facts.reset();
    report.slirp4netns = "";
    report.pasta = "/usr/bin/pasta";
    CHECK(find(report, "network_program").status == Status::missing);
    report.podman.version = Version{4, 4, 0};
    CHECK(find(report, "network_program").status == Status::ok);
  }
  SECTION("Podman 5 wants pasta") {
    report.podman.version = Version{5, 4, 2};
    report.podman.facts->network_program = "";
    CHECK(find(report, "network_program").remedy == "sudo apt-get install passt");
    report.podman.facts->network_program = "pasta";
    report.pasta = "/usr/bin/pasta";
    CHECK(find(report, "network_program").detail == "pasta (/usr/bin/pasta)");
  }
  SECTION("Podman 5 told to use slirp4netns") {
    report.podman.version = Version{5, 4, 2};
    CHECK(find(report, "network_program").detail == "slirp4netns (/usr/bin/slirp4netns)");
  }
}

TEST_CASE("/dev/net/tun") {
  HostReport report = good_host();
  report.tun_usable = false;
  CHECK(find(report, "tun").status == Status::missing);
  CHECK(find(report, "tun").remedy == "sudo chmod 666 /dev/net/tun");
  report.tun_present = false;
  CHECK(contains(find(report, "tun").remedy, "modprobe tun"));
}

TEST_CASE("storage and disk") {
  HostReport report = good_host();
  SECTION("vfs is slow but works") {
    report.podman.facts->graph_driver = "vfs";
    CHECK(find(report, "storage").status == Status::degraded);
    CHECK(enforceable(examine(report)));
  }
  SECTION("fuse-overlayfs is fine") {
    report.podman.facts->native_overlay = false;
    CHECK(find(report, "storage").detail == "overlay (fuse-overlayfs)");
  }
  SECTION("little room") {
    report.disk_free = (5ULL << 30U) - 1;
    CHECK(find(report, "disk").status == Status::degraded);
    report.disk_free = 5ULL << 30U;
    CHECK(find(report, "disk").status == Status::ok);
    report.idle_images = 5ULL << 30U;
    CHECK(find(report, "disk").status == Status::ok);
    ++report.idle_images;
    CHECK(find(report, "disk").status == Status::degraded);
    CHECK(find(report, "disk").remedy == "agentbox images prune --dry-run");
  }
  SECTION("unknown") {
    report.podman.facts.reset();
    CHECK(find(report, "storage").status == Status::not_applicable);
    CHECK(find(report, "disk").status == Status::not_applicable);
  }
}

TEST_CASE("agentbox's own files") {
  HostReport report = good_host();
  report.installation = "";
  report.installation_problem = "agentbox is not installed completely, missing: /usr/libexec/agentbox/agentbox-hook";
  CHECK(find(report, "installation").status == Status::missing);
  CHECK(contains(find(report, "installation").detail, "agentbox-hook"));
}

TEST_CASE("mmdebstrap is optional") {
  HostReport report = good_host();
  report.mmdebstrap = "";
  CHECK(find(report, "mmdebstrap").status == Status::not_applicable);
  CHECK(enforceable(examine(report)));
}

TEST_CASE("a throw-away box shows what works, if it was tried") {
  HostReport report = good_host();
  report.box = {};
  CHECK(find(report, "box").status == Status::not_applicable);
  report.box = {BoxTrial::State::no_images};
  CHECK(find(report, "box").status == Status::not_applicable);
  CHECK(contains(find(report, "box").detail, "agentbox build"));
  report.box = {BoxTrial::State::started, "", "", 1234};
  CHECK(find(report, "box").status == Status::ok);
  CHECK(contains(find(report, "box").detail, "in 1.2 s"));
  report.box = {BoxTrial::State::failed, "the firewall did not start: no nf_tables", "sudo modprobe nf_tables"};
  CHECK(find(report, "box").status == Status::missing);
  CHECK(find(report, "box").detail == report.box.error);
  CHECK(find(report, "box").remedy == report.box.hint);
  CHECK_FALSE(enforceable(examine(report)));
}
