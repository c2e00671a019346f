// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "doctor/check_result.hpp"

namespace agentbox::doctor::test {

/// Returns a developer's machine on which nothing is missing. Each test spoils one thing.
inline HostReport good_host() {
  HostReport report;
  report.distro = {Family::debian, "Debian GNU/Linux 12 (bookworm)"};
  report.kernel = "6.1.0-18-amd64";
  report.uid = 1000;
  report.user = "dev";
  report.systemd = true;
  podman::PodmanInfo facts;
  facts.podman = {4, 3, 1};
  facts.oci_runtime = "crun";
  facts.network_program = "slirp4netns";
  facts.cgroup_version = "v2";
  facts.controllers = {"cpu", "memory", "pids"};
  facts.graph_driver = "overlay";
  facts.graph_root = "/home/dev/.local/share/containers/storage";
  facts.native_overlay = true;
  facts.seccomp = true;
  facts.uid_map = true;
  report.podman = {"/usr/bin/podman", podman::Version{4, 3, 1}, "", "", false, facts, "1.8.1"};
  report.slirp4netns = "/usr/bin/slirp4netns";
  report.tun_present = report.tun_usable = true;
  report.newuidmap = {"/usr/bin/newuidmap", true};
  report.newgidmap = {"/usr/bin/newgidmap", true};
  report.subuid = report.subgid = {65536, 165536};
  report.sysctls = {{"user.max_user_namespaces", "127234"}, {"kernel.unprivileged_userns_clone", "1"}};
  report.cgroups = CgroupLayout::v2;
  for (const char* module :
       {"nf_tables", "nft_chain_nat", "nft_redir", "nft_ct", "nft_fib_inet", "nft_reject_inet", "overlay"}) {
    report.modules[module] = ModuleState::loaded;
  }
  report.kernel_seccomp_filter = true;
  report.kernel_landlock = 7;
  report.box_landlock = 6;
  report.seccomp_profile = "/usr/share/containers/seccomp.json";
  report.disk_free = 100ULL << 30U;
  report.runtime_directory = "/run/user/1000";
  report.linger = false;
  report.installation = "/usr/libexec/agentbox";
  report.mmdebstrap = "/usr/bin/mmdebstrap";
  report.box = {BoxTrial::State::started, "", "", 900};
  return report;
}

/// Returns the finding with id `id` in `report`.
inline CheckResult find(const HostReport& report, const std::string& id) {
  for (CheckResult& finding : examine(report)) {
    if (finding.id == id) {
      return std::move(finding);
    }
  }
  return {};
}

/// Returns whether `text` contains `part`.
inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace agentbox::doctor::test
