// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <utility>

#include "doctor/checks.hpp"
#include "doctor/remedy.hpp"
#include "support/text.hpp"

namespace agentbox::doctor {
namespace {

/// What the firewall's ruleset consists of, by the names of the kernel's modules.
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

/// Modules that the kernel does not have, or has and may not load.
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

CheckResult not_asked(const HostReport& report, Line line) {
  return report.uid == 0 ? asked_as_root(line) : not_applicable(line, "podman info did not answer");
}

} // namespace

CheckResult check_user_namespaces(const HostReport& report) {
  const Line line{"user_namespaces", "User namespaces"};
  if (sysctl_is(report, "kernel.unprivileged_userns_clone", "0")) {
    return missing(line, "kernel.unprivileged_userns_clone is 0",
                   sysctl_command("kernel.unprivileged_userns_clone", "1"));
  }
  if (sysctl_is(report, "user.max_user_namespaces", "0")) {
    return missing(line, "user.max_user_namespaces is 0", sysctl_command("user.max_user_namespaces", "15000"));
  }
  if (!report.sysctls.contains("user.max_user_namespaces")) {
    return missing(line, "the kernel has none (CONFIG_USER_NS)", "boot a kernel of the distribution");
  }
  if (sysctl_is(report, "kernel.apparmor_restrict_unprivileged_userns", "1")) {
    if (!report.podman.facts && !report.apparmor_podman_profile) {
      return missing(line, "AppArmor keeps them from programs without a profile, and Podman has none",
                     sysctl_command("kernel.apparmor_restrict_unprivileged_userns", "0"));
    }
    return ok(line, "enabled (AppArmor lets Podman make them)");
  }
  return ok(line, "enabled");
}

CheckResult check_cgroups(const HostReport& report) {
  const Line line{"cgroups", "Control groups"};
  const std::string remedy = kernel_argument_command(report.distro, "systemd.unified_cgroup_hierarchy=1");
  const std::string to_v2 =
      report.systemd ? remedy
                     : "mount cgroup v2 for it (a source tree's ./dev shell does, in a mount namespace of its own)";
  switch (report.cgroups) {
  case CgroupLayout::v2: return ok(line, "v2");
  case CgroupLayout::v1:
    return degraded(line, "v1: a rootless box gets no limits from it; RLIMIT_NPROC limits its processes", to_v2);
  case CgroupLayout::hybrid: return missing(line, "hybrid (v1 and v2): crun refuses to run rootless on it", to_v2);
  case CgroupLayout::none: break;
  }
  return missing(line, "not mounted at /sys/fs/cgroup", to_v2);
}

CheckResult check_process_limit(const HostReport& report) {
  const Line line{"process_limit", "Process limit"};
  if (!report.podman.facts) {
    return not_asked(report, line);
  }
  if (delegated(report, "pids")) {
    return ok(line, "by the pids cgroup (and RLIMIT_NPROC)");
  }
  return degraded(line, "by RLIMIT_NPROC alone; the pids controller is not delegated to you",
                  delegation_command(report));
}

CheckResult check_memory_and_cpu(const HostReport& report) {
  const Line line{"memory_cpu", "Memory and CPU limits"};
  if (!report.podman.facts) {
    return not_asked(report, line);
  }
  std::vector<std::string> absent;
  for (const char* controller : {"memory", "cpu"}) {
    if (!delegated(report, controller)) {
      absent.emplace_back(controller);
    }
  }
  if (absent.empty()) {
    return ok(line, "memory and cpu controllers delegated");
  }
  return degraded(
      line,
      fmt::format("not delegated to you: {}; a box that asks for such a limit is refused", support::join(absent, ", ")),
      delegation_command(report));
}

CheckResult check_ruleset(const HostReport& report) {
  const Line line{"ruleset", "Firewall ruleset"};
  if (report.ruleset.attempted && report.ruleset.error.empty()) {
    return ok(line, "nftables loads it into a network namespace of its own");
  }
  if (report.iptables_ruleset.attempted && report.iptables_ruleset.error.empty()) {
    return degraded(
        line,
        fmt::format("nftables cannot load it ({}), iptables can", support::escape_untrusted(report.ruleset.error)),
        "agentbox run --firewall-driver iptables   (always: driver = \"iptables\" under [network] in "
        "~/.config/agentbox/config.toml)");
  }
  const std::vector<std::string> absent = absent_modules(report);
  if (!absent.empty()) {
    return missing(line, fmt::format("the kernel lacks {}", support::join(absent, ", ")), load_command(absent));
  }
  std::vector<std::string> modules(std::begin(k_ruleset_modules), std::end(k_ruleset_modules));
  if (report.ruleset.attempted) {
    std::string detail = "nftables could not load it: " + support::escape_untrusted(report.ruleset.error);
    if (report.iptables_ruleset.attempted) {
      detail += "; iptables neither: " + support::escape_untrusted(report.iptables_ruleset.error);
    }
    return missing(line, std::move(detail), load_command(modules));
  }
  for (const std::string& module : modules) {
    if (state_of(report, module) == ModuleState::unknown) {
      return report.uid == 0 ? asked_as_root(line)
                             : not_applicable(line, "could not be tried here; the first start will tell");
    }
  }
  return ok(line, "the kernel has nf_tables with nat and redirect");
}

CheckResult check_overlay(const HostReport& report) {
  const Line line{"overlay", "overlayfs"};
  switch (state_of(report, "overlay")) {
  case ModuleState::loaded: return ok(line, "loaded");
  case ModuleState::built_in: return ok(line, "built in");
  case ModuleState::loadable: return ok(line, "loaded on demand");
  case ModuleState::unknown: return not_applicable(line, "the kernel does not say");
  case ModuleState::absent: break;
  }
  if (report.podman.facts && report.podman.facts->graph_driver == "overlay") {
    return ok(line, "by fuse-overlayfs; the kernel has none");
  }
  return degraded(line, "the kernel has none: Podman falls back to vfs, which is slow", load_command({"overlay"}));
}

CheckResult check_selinux(const HostReport& report) {
  const Line line{"selinux", "SELinux"};
  switch (report.selinux) {
  case Selinux::none: return not_applicable(line, "not in use");
  case Selinux::permissive: return ok(line, "permissive: it logs, and does not confine the box");
  case Selinux::enforcing: break;
  }
  return ok(line, "enforcing (a project needs the label container_file_t; the first start in it says the command)");
}

CheckResult check_seccomp(const HostReport& report) {
  const Line line{"seccomp", "Seccomp"};
  if (!report.kernel_seccomp_filter) {
    return missing(line, "the kernel has no seccomp filters (CONFIG_SECCOMP_FILTER)",
                   "boot a kernel of the distribution");
  }
  if (report.podman.facts && !report.podman.facts->seccomp) {
    return missing(line, "Podman was built without it", install_command(report.distro, Package::podman));
  }
  return ok(line, "filters supported");
}

CheckResult check_seccomp_profile(const HostReport& report) {
  const Line line{"seccomp_profile", "Seccomp profile"};
  if (!report.seccomp_problem.empty() || report.seccomp_profile.empty()) {
    return missing(line, report.seccomp_problem.empty() ? "none is known" : report.seccomp_problem,
                   install_command(report.distro, Package::seccomp_profile));
  }
  return ok(line, report.seccomp_profile);
}

} // namespace agentbox::doctor
