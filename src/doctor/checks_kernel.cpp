// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <utility>

#include "doctor/checks.hpp"
#include "doctor/remedy.hpp"
#include "support/text.hpp"

namespace agentbox::doctor {
namespace {

/// The kernel modules that the firewall's ruleset needs.
constexpr const char* k_ruleset_modules[] = {"nf_tables", "nft_chain_nat", "nft_redir",
                                             "nft_ct",    "nft_fib_inet",  "nft_reject_inet"};

bool sysctl_is(const HostReport& report, const std::string& name, std::string_view value) {
  const auto found = report.sysctls.find(name);
  return found != report.sysctls.end() && found->second == value;
}

ModuleState state_of(const HostReport& report, const std::string& module) {
  const auto found = report.modules.find(module);
  return found == report.modules.end() ? ModuleState::unknown : found->second;
}

/// Returns the needed modules that the kernel lacks or may not load.
std::vector<std::string> absent_modules(const HostReport& report) {
  const bool frozen = sysctl_is(report, "kernel.modules_disabled", "1");
  std::vector<std::string> absent;
  for (const char* module : k_ruleset_modules) {
    const ModuleState state = state_of(report, module);
    if (state == ModuleState::absent || (frozen && state == ModuleState::loadable)) {
      absent.emplace_back(module);
    }
  }
  return absent;
}

std::string load_command(const std::vector<std::string>& modules) {
  return fmt::format("sudo modprobe -a {0} && printf '%s\\n' {0} | sudo tee /etc/modules-load.d/agentbox.conf",
                     support::join(modules, " "));
}

bool delegated(const HostReport& report, const std::string& controller) {
  return report.podman.facts && report.podman.facts->controllers.contains(controller);
}

std::string delegation_command(const HostReport& report) {
  if (!report.systemd) {
    return "boot with systemd and the kernel argument cgroup_no_v1=all";
  }
  return "sudo mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=pids memory cpu\\n' | "
         "sudo tee /etc/systemd/system/user@.service.d/delegate.conf && sudo systemctl daemon-reload   (then log in "
         "again)";
}

} // namespace

Answer check_kernel(const HostReport& report) {
  if (report.lacking_calls.empty()) {
    return ok("has the system calls that agentbox needs");
  }
  std::vector<std::string> names;
  const LackingCall* required = nullptr;
  for (const LackingCall& call : report.lacking_calls) {
    names.push_back(call.name);
    required = call.lost.empty() ? &call : required; // the newest
  }
  const LackingCall& newest = report.lacking_calls.back();
  std::string detail = "lacks " + support::join(names, ", ");
  if (required != nullptr) {
    return missing(std::move(detail), fmt::format("boot Linux {} or newer", required->since));
  }
  return degraded(detail + ": " + newest.lost, fmt::format("boot Linux {} or newer", newest.since));
}

Answer check_user_namespaces(const HostReport& report) {
  if (sysctl_is(report, "kernel.unprivileged_userns_clone", "0")) {
    return missing("kernel.unprivileged_userns_clone is 0", sysctl_command("kernel.unprivileged_userns_clone", "1"));
  }
  if (sysctl_is(report, "user.max_user_namespaces", "0")) {
    return missing("user.max_user_namespaces is 0", sysctl_command("user.max_user_namespaces", "15000"));
  }
  if (!report.sysctls.contains("user.max_user_namespaces")) {
    return missing("the kernel does not support them (CONFIG_USER_NS)", "boot a kernel of the distribution");
  }
  if (sysctl_is(report, "kernel.apparmor_restrict_unprivileged_userns", "1")) {
    if (!report.podman.facts && !report.apparmor_podman_profile) {
      return missing("AppArmor denies them to programs without a profile, and Podman has none",
                     sysctl_command("kernel.apparmor_restrict_unprivileged_userns", "0"));
    }
    return ok("enabled (AppArmor allows them for Podman)");
  }
  return ok("enabled");
}

Answer check_cgroups(const HostReport& report) {
  const std::string remedy = kernel_argument_command(report.distro, "systemd.unified_cgroup_hierarchy=1");
  const std::string to_v2 =
      report.systemd ? remedy : "mount cgroup v2 (in a source tree, ./dev shell does that in its own mount namespace)";
  switch (report.cgroups) {
  case CgroupLayout::v2: return ok("v2");
  case CgroupLayout::v1:
    return degraded("v1: cannot limit a rootless box; its processes are limited by RLIMIT_NPROC", to_v2);
  case CgroupLayout::hybrid: return missing("hybrid (v1 and v2): crun does not run rootless on it", to_v2);
  case CgroupLayout::none: break;
  }
  return missing("not mounted at /sys/fs/cgroup", to_v2);
}

Answer check_process_limit(const HostReport& report) {
  if (delegated(report, "pids")) {
    return ok("pids cgroup and RLIMIT_NPROC");
  }
  return degraded("RLIMIT_NPROC only; the pids controller is not delegated to you", delegation_command(report));
}

Answer check_memory_and_cpu(const HostReport& report) {
  std::vector<std::string> absent;
  for (const char* controller : {"memory", "cpu"}) {
    if (!delegated(report, controller)) {
      absent.emplace_back(controller);
    }
  }
  if (absent.empty()) {
    return ok("memory and cpu controllers delegated");
  }
  return degraded(
      fmt::format("not delegated to you: {}; a box with such a limit is refused", support::join(absent, ", ")),
      delegation_command(report));
}

Answer check_ruleset(const HostReport& report) {
  if (report.ruleset.attempted && report.ruleset.error.empty()) {
    return ok("nftables loads it");
  }
  if (report.iptables_ruleset.attempted && report.iptables_ruleset.error.empty()) {
    return degraded(
        fmt::format("nftables cannot load it ({}), but iptables can", support::escape_untrusted(report.ruleset.error)),
        "agentbox run --firewall-driver iptables   (always: driver = \"iptables\" under [network] in "
        "~/.config/agentbox/config.toml)");
  }
  const std::vector<std::string> absent = absent_modules(report);
  if (!absent.empty()) {
    return missing(fmt::format("the kernel lacks {}", support::join(absent, ", ")), load_command(absent));
  }
  std::vector<std::string> modules(std::begin(k_ruleset_modules), std::end(k_ruleset_modules));
  if (report.ruleset.attempted) {
    std::string detail = "nftables could not load it: " + support::escape_untrusted(report.ruleset.error);
    if (report.iptables_ruleset.attempted) {
      detail += "; nor could iptables: " + support::escape_untrusted(report.iptables_ruleset.error);
    }
    return missing(std::move(detail), load_command(modules));
  }
  for (const std::string& module : modules) {
    if (state_of(report, module) == ModuleState::unknown) {
      return report.uid == 0 ? asked_as_root() : not_applicable("not tested here; checked at the first start");
    }
  }
  return ok("the kernel has nf_tables with nat and redirect");
}

Answer check_overlay(const HostReport& report) {
  switch (state_of(report, "overlay")) {
  case ModuleState::loaded: return ok("loaded");
  case ModuleState::built_in: return ok("built in");
  case ModuleState::loadable: return ok("loaded on demand");
  case ModuleState::unknown: return not_applicable("cannot be determined");
  case ModuleState::absent: break;
  }
  if (report.podman.facts && report.podman.facts->graph_driver == "overlay") {
    return ok("fuse-overlayfs; the kernel has no overlayfs");
  }
  return degraded("not in the kernel: Podman falls back to vfs, which is slow", load_command({"overlay"}));
}

Answer check_selinux(const HostReport& report) {
  const SelinuxReport& selinux = report.selinux;
  if (selinux.mode == selinux::Mode::disabled) {
    return not_applicable("not in use");
  }
  if (!selinux.problem.empty()) {
    return missing(selinux.problem, "sudo dnf install container-selinux");
  }
  const std::string policy = support::escape_untrusted(selinux.policy);
  if (selinux.mode == selinux::Mode::permissive) {
    return ok(fmt::format("permissive (policy {}): logs only, does not confine the box", policy));
  }
  if (selinux.home_context.find(":nfs_t") != std::string::npos && !selinux.nfs.value_or(false)) {
    return degraded("enforcing, and your home directory is on NFS, which has no labels for boxes",
                    "sudo setsebool -P virt_use_nfs on   (for all containers); or keep projects on a local disk");
  }
  return ok(fmt::format("enforcing (policy {}): agentbox labels a project at the first start{}", policy,
                        selinux.levels ? ", with a level of its own" : "; the policy has no levels"));
}

Answer check_seccomp(const HostReport& report) {
  if (!report.kernel_seccomp_filter) {
    return missing("the kernel has no seccomp filters (CONFIG_SECCOMP_FILTER)", "boot a kernel of the distribution");
  }
  if (report.podman.facts && !report.podman.facts->seccomp) {
    return missing("Podman was built without seccomp", install_command(report.distro, Package::podman));
  }
  return ok("filters supported");
}

Answer check_seccomp_profile(const HostReport& report) {
  if (!report.seccomp_problem.empty() || report.seccomp_profile.empty()) {
    return missing(report.seccomp_problem.empty() ? "none found" : report.seccomp_problem,
                   install_command(report.distro, Package::seccomp_profile));
  }
  return ok(report.seccomp_profile);
}

Answer check_landlock(const HostReport& report) {
  if (report.box_landlock != 0) {
    return ok(fmt::format("ABI {}: second layer for file access{}", report.box_landlock,
                          report.box_landlock < 6 ? "" : ", signals and abstract sockets"));
  }
  if (report.kernel_landlock < 2) {
    return not_applicable("the kernel has none (or ABI 1, too old): only the mounts protect host files");
  }
  return not_applicable("the seccomp profile lacks its calls: only the mounts protect host files");
}

} // namespace agentbox::doctor
