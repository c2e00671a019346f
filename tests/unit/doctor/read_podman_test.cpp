// SPDX-License-Identifier: Apache-2.0
// A Podman that is not there, one that does not answer in time, and one that answers.
#include <chrono>
#include <cstdlib>
#include <sys/stat.h>

#include "catch.hpp"
#include "doctor/read_host.hpp"
#include "good_host.hpp"
#include "podman/podman.hpp"
#include "temp_directory.hpp"

using namespace agentbox::doctor;
using agentbox::doctor::test::contains;
using agentbox::doctor::test::find;
using agentbox::doctor::test::good_host;
using agentbox::tests::TempDirectory;

namespace {

std::vector<std::string>& podman_directories() {
  static std::vector<std::string> directories;
  return directories;
}

} // namespace

namespace agentbox::podman {

const std::vector<std::string>& program_directories() {
  return podman_directories();
}

} // namespace agentbox::podman

namespace {

/// Returns a host that is fine except for its Podman, a /bin/sh `script`; empty: no Podman.
HostReport host_with(const TempDirectory& directory, const std::string& script, std::chrono::milliseconds patience) {
  podman_directories() = {directory.path().string()};
  setenv("XDG_CACHE_HOME", directory.path().c_str(), 1);
  if (!script.empty()) {
    chmod(directory.write("podman", "#!/bin/sh\n" + script).c_str(), 0755);
  }
  HostReport report = good_host();
  report.podman = {};
  read_podman(report, patience);
  unsetenv("XDG_CACHE_HOME");
  return report;
}

constexpr const char* k_version = "[ \"$1\" = --version ] && echo podman version 4.3.1 && exit\n";

} // namespace

TEST_CASE("a Podman that does not answer in time is not called missing") {
  const TempDirectory directory;
  const HostReport report = host_with(directory, std::string(k_version) + "exec sleep 60\n", std::chrono::seconds(3));
  const CheckResult finding = find(report, "podman");
  CHECK(finding.status == Status::unknown);
  CHECK(contains(finding.detail, "`podman info` did not finish in 3 s"));
  CHECK(contains(finding.detail, "another Podman process may hold the storage lock"));
  CHECK(contains(finding.remedy, "pgrep"));
  CHECK_FALSE(enforceable(examine(report))); // nor called usable
}

TEST_CASE("a Podman that does not print its version in time is not called missing either") {
  const TempDirectory directory;
  const HostReport report = host_with(directory, "exec sleep 60\n", std::chrono::milliseconds(200));
  CHECK(find(report, "podman").status == Status::unknown);
  CHECK(contains(find(report, "podman").detail, "`podman --version` did not finish"));
}

TEST_CASE("a Podman that is not there is missing, and the output of one that fails is reported") {
  const TempDirectory directory;
  const HostReport absent = host_with(directory, "", k_patience);
  CHECK(find(absent, "podman").status == Status::missing);
  CHECK(find(absent, "podman").detail == "not installed");
  const HostReport failing =
      host_with(directory, std::string(k_version) + "echo 'Error: out of luck' >&2; exit 125\n", k_patience);
  CHECK(find(failing, "podman").status == Status::missing);
  CHECK(contains(find(failing, "podman").detail, "out of luck"));
}

TEST_CASE("a Podman that answers is asked for its facts") {
  const TempDirectory directory;
  const std::string info = std::string("cat ") + AGENTBOX_SOURCE_DIR + "/tests/unit/podman/fixtures/info-4.3.1.json\n";
  HostReport report = host_with(directory, k_version + info, k_patience);
  if (report.uid != 0) {
    CHECK(find(report, "podman").status == Status::ok);
    CHECK(report.podman.facts.has_value());
  }
}

TEST_CASE("a read that fails hides no result of the others") {
  const TempDirectory directory;
  const std::string info =
      std::string("[ $1 = info ] && exec cat ") + AGENTBOX_SOURCE_DIR + "/tests/unit/podman/fixtures/info-4.3.1.json\n";
  HostReport report =
      host_with(directory, k_version + info + "echo 'Error: the image list is damaged' >&2; exit 125\n", k_patience);
  CHECK(contains(find(report, "podman").detail, "the image list is damaged"));
  REQUIRE(report.podman.facts.has_value());
  CHECK(report.disk_free != 0);
  CHECK(find(report, "storage").status == Status::ok);
}
