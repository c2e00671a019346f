// SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "good_host.hpp"

using namespace agentbox::doctor;
namespace selinux = agentbox::selinux;
using agentbox::doctor::test::contains;
using agentbox::doctor::test::find;
using agentbox::doctor::test::good_host;

TEST_CASE("system calls of the kernel") {
  HostReport report = good_host();
  CHECK(find(report, "kernel").status == Status::ok);
  SECTION("a kernel without close_range starts boxes") {
    report.lacking_calls = {{"close_range", "5.9", "the terminal is not restored"}};
    const CheckResult finding = find(report, "kernel");
    CHECK(finding.status == Status::degraded);
    CHECK(finding.detail == "lacks close_range: the terminal is not restored");
    CHECK(finding.remedy == "boot Linux 5.9 or newer");
    CHECK(enforceable(examine(report)));
  }
  SECTION("an older one does not") {
    report.lacking_calls = {{"openat2", "5.6"}, {"statx with STATX_MNT_ID", "5.8"}, {"close_range", "5.9", "terminal"}};
    const CheckResult finding = find(report, "kernel");
    CHECK(finding.status == Status::missing);
    CHECK(finding.detail == "lacks openat2, statx with STATX_MNT_ID, close_range");
    CHECK(finding.remedy == "boot Linux 5.8 or newer");
    CHECK_FALSE(enforceable(examine(report)));
  }
}

TEST_CASE("user namespaces") {
  HostReport report = good_host();
  SECTION("switched off by Debian's sysctl") {
    report.sysctls["kernel.unprivileged_userns_clone"] = "0";
    const CheckResult finding = find(report, "user_namespaces");
    CHECK(finding.status == Status::missing);
    CHECK(contains(finding.remedy, "sudo sysctl -w kernel.unprivileged_userns_clone=1"));
  }
  SECTION("none allowed") {
    report.sysctls["user.max_user_namespaces"] = "0";
    CHECK(find(report, "user_namespaces").status == Status::missing);
  }
  SECTION("not in the kernel") {
    report.sysctls.clear();
    CHECK(find(report, "user_namespaces").status == Status::missing);
  }
  SECTION("AppArmor's restriction stops Podman only where it has no profile") {
    report.sysctls["kernel.apparmor_restrict_unprivileged_userns"] = "1";
    CHECK(find(report, "user_namespaces").status == Status::ok); // podman info answered
    report.podman.facts.reset();
    CHECK(find(report, "user_namespaces").status == Status::missing);
    report.apparmor_podman_profile = true;
    CHECK(find(report, "user_namespaces").status == Status::ok);
  }
}

TEST_CASE("control groups") {
  HostReport report = good_host();
  CHECK(find(report, "cgroups").detail == "v2");
  report.cgroups = CgroupLayout::v1;
  CHECK(find(report, "cgroups").status == Status::degraded);
  report.cgroups = CgroupLayout::hybrid;
  CHECK(find(report, "cgroups").status == Status::missing);
  CHECK(contains(find(report, "cgroups").remedy, "update-grub"));
  report.cgroups = CgroupLayout::none;
  CHECK(find(report, "cgroups").status == Status::missing);
}

TEST_CASE("which process limit applies") {
  HostReport report = good_host();
  CHECK(contains(find(report, "process_limit").detail, "pids cgroup"));
  report.podman.facts->controllers.erase("pids");
  const CheckResult finding = find(report, "process_limit");
  CHECK(finding.status == Status::degraded);
  CHECK(contains(finding.detail, "RLIMIT_NPROC only"));
  CHECK(contains(finding.remedy, "Delegate=pids memory cpu"));
  report.systemd = false;
  CHECK_FALSE(contains(find(report, "process_limit").remedy, "Delegate"));
  report.podman.facts.reset();
  CHECK(find(report, "process_limit").status == Status::not_applicable);
}

TEST_CASE("memory and cpu controllers") {
  HostReport report = good_host();
  CHECK(find(report, "memory_cpu").status == Status::ok);
  report.podman.facts->controllers.erase("cpu");
  const CheckResult finding = find(report, "memory_cpu");
  CHECK(finding.status == Status::degraded);
  CHECK(contains(finding.detail, "cpu"));
  CHECK_FALSE(contains(finding.detail, "memory"));
  report.podman.facts.reset();
  CHECK(find(report, "memory_cpu").status == Status::not_applicable);
}

TEST_CASE("the firewall's ruleset") {
  HostReport report = good_host();
  SECTION("by the modules") {
    CHECK(find(report, "ruleset").status == Status::ok);
    report.modules["nft_redir"] = ModuleState::loadable;
    CHECK(find(report, "ruleset").status == Status::ok);
    report.modules["nft_redir"] = ModuleState::absent;
    const CheckResult finding = find(report, "ruleset");
    CHECK(finding.status == Status::missing);
    CHECK(contains(finding.remedy, "sudo modprobe -a nft_redir "));
  }
  SECTION("a module that can no longer be loaded") {
    report.modules["nft_redir"] = ModuleState::loadable;
    report.sysctls["kernel.modules_disabled"] = "1";
    CHECK(find(report, "ruleset").status == Status::missing);
  }
  SECTION("a trial overrides the tables") {
    report.modules["nft_redir"] = ModuleState::absent;
    report.ruleset.attempted = true;
    CHECK(find(report, "ruleset").status == Status::ok);
    report.ruleset.error = "Operation not supported";
    CHECK(find(report, "ruleset").status == Status::missing);
    report.modules["nft_redir"] = ModuleState::loaded;
    CHECK(find(report, "ruleset").status == Status::missing);
    CHECK(contains(find(report, "ruleset").detail, "Operation not supported"));
  }
  SECTION("the other driver") {
    report.ruleset = {true, "Operation not\033 supported"};
    report.iptables_ruleset = {true, ""};
    report.modules["nft_redir"] = ModuleState::absent; // which iptables does not need
    const CheckResult other = find(report, "ruleset");
    CHECK(other.status == Status::degraded);
    CHECK(contains(other.detail, "nftables cannot load it (Operation not\\x1b supported), but iptables can"));
    CHECK(contains(other.remedy, "--firewall-driver iptables"));
    report.iptables_ruleset.error = "there is no iptables";
    report.modules["nft_redir"] = ModuleState::loaded;
    const CheckResult neither = find(report, "ruleset");
    CHECK(neither.status == Status::missing);
    CHECK(contains(neither.detail, "nor could iptables: there is no iptables"));
    CHECK(contains(neither.remedy, "sudo modprobe"));
    report.ruleset.error.clear(); // the default driver is enough
    CHECK(find(report, "ruleset").status == Status::ok);
    CHECK(contains(find(report, "ruleset").detail, "nftables"));
  }
  SECTION("no tables, no trial") {
    report.modules.clear();
    CHECK(find(report, "ruleset").status == Status::not_applicable);
  }
}

TEST_CASE("overlayfs") {
  HostReport report = good_host();
  for (const ModuleState state : {ModuleState::loaded, ModuleState::built_in, ModuleState::loadable}) {
    report.modules["overlay"] = state;
    CHECK(find(report, "overlay").status == Status::ok);
  }
  report.modules["overlay"] = ModuleState::absent;
  CHECK(find(report, "overlay").status == Status::ok); // Podman reports overlay: fuse-overlayfs provides it
  report.podman.facts->graph_driver = "vfs";
  CHECK(find(report, "overlay").status == Status::degraded);
  report.modules.clear();
  CHECK(find(report, "overlay").status == Status::not_applicable);
}

TEST_CASE("SELinux") {
  HostReport report = good_host();
  CHECK(find(report, "selinux").status == Status::not_applicable);
  report.selinux = {selinux::Mode::permissive, "targeted", true, "", "u:object_r:user_home_dir_t:s0", std::nullopt};
  CHECK(contains(find(report, "selinux").detail, "permissive (policy targeted)"));
  report.selinux.mode = selinux::Mode::enforcing;
  CHECK(find(report, "selinux").status == Status::ok);
  CHECK(contains(find(report, "selinux").detail, "with a level of its own"));
  report.selinux.levels = false;
  CHECK(contains(find(report, "selinux").detail, "no levels"));
  report.selinux.home_context = "system_u:object_r:nfs_t:s0";
  CHECK(contains(find(report, "selinux").remedy, "virt_use_nfs"));
  report.selinux.nfs = true;
  CHECK(find(report, "selinux").status == Status::ok);
  report.selinux.problem = "the SELinux policy has no contexts for containers";
  CHECK(find(report, "selinux").status == Status::missing);
}

TEST_CASE("Landlock is a second layer, and its absence is not a problem") {
  HostReport report = good_host();
  CHECK(contains(find(report, "landlock").detail, "ABI 6"));
  report.box_landlock = 0;
  CHECK(contains(find(report, "landlock").detail, "seccomp profile"));
  report.kernel_landlock = 1;
  CHECK(find(report, "landlock").status == Status::not_applicable);
  CHECK(contains(find(report, "landlock").detail, "the kernel"));
}

TEST_CASE("seccomp") {
  HostReport report = good_host();
  SECTION("the kernel") {
    report.kernel_seccomp_filter = false;
    CHECK(find(report, "seccomp").status == Status::missing);
  }
  SECTION("Podman") {
    report.podman.facts->seccomp = false;
    CHECK(find(report, "seccomp").status == Status::missing);
  }
  SECTION("the profile") {
    CHECK(find(report, "seccomp_profile").status == Status::ok);
    report.seccomp_problem = "cannot open /usr/share/containers/seccomp.json: no such file";
    CHECK(find(report, "seccomp_profile").status == Status::missing);
    CHECK(contains(find(report, "seccomp_profile").remedy, "golang-github-containers-common"));
  }
}
