// SPDX-License-Identifier: Apache-2.0
#include "doctor/checks.hpp"

#include <algorithm>
#include <array>

namespace agentbox::doctor {
namespace {

/// A condition without which a check is skipped.
enum class Needs { nothing, ordinary_user, podman_info };

struct Check {
  const char* id;
  const char* title;
  Answer (*examine)(const HostReport&);
  Needs needs = Needs::nothing;
};

constexpr std::array k_checks = {
    Check{"user", "User", check_user},
    Check{"podman", "Podman", check_podman},
    Check{"oci_runtime", "OCI runtime", check_oci_runtime, Needs::podman_info},
    Check{"network_program", "Rootless network", check_network_program},
    Check{"tun", "/dev/net/tun", check_tun},
    Check{"kernel", "Kernel", check_kernel},
    Check{"user_namespaces", "User namespaces", check_user_namespaces},
    Check{"id_helpers", "newuidmap, newgidmap", check_id_helpers},
    Check{"subids", "Subordinate IDs", check_subordinate_ids, Needs::ordinary_user},
    Check{"cgroups", "Control groups", check_cgroups},
    Check{"process_limit", "Process limit", check_process_limit, Needs::podman_info},
    Check{"memory_cpu", "Memory and CPU limits", check_memory_and_cpu, Needs::podman_info},
    Check{"ruleset", "Firewall ruleset", check_ruleset},
    Check{"seccomp", "Seccomp", check_seccomp},
    Check{"seccomp_profile", "Seccomp profile", check_seccomp_profile},
    Check{"landlock", "Landlock", check_landlock},
    Check{"selinux", "SELinux", check_selinux},
    Check{"overlay", "overlayfs", check_overlay},
    Check{"storage", "Storage driver", check_storage, Needs::podman_info},
    Check{"disk", "Free disk", check_disk, Needs::podman_info},
    Check{"runtime_directory", "Runtime directory", check_runtime_directory, Needs::ordinary_user},
    Check{"linger", "After logout", check_linger, Needs::ordinary_user},
    Check{"installation", "agentbox's files", check_installation},
    Check{"mmdebstrap", "mmdebstrap", check_mmdebstrap},
    Check{"box", "A box", check_box, Needs::ordinary_user},
};

Answer answer_of(const Check& check, const HostReport& report) {
  const bool lacks_info = check.needs == Needs::podman_info && !report.podman.facts;
  if (report.uid == 0 && (lacks_info || check.needs == Needs::ordinary_user)) {
    return asked_as_root();
  }
  if (lacks_info) {
    return not_applicable(report.podman.path.empty() ? "Podman is not installed" : "podman info did not answer");
  }
  return check.examine(report);
}

} // namespace

std::string_view to_string(Status status) {
  switch (status) {
  case Status::ok: return "ok";
  case Status::missing: return "missing";
  case Status::unknown: return "unknown";
  case Status::degraded: return "degraded";
  case Status::not_applicable: return "not_applicable";
  }
  return "";
}

std::vector<CheckResult> examine(const HostReport& report) {
  std::vector<CheckResult> findings;
  findings.reserve(k_checks.size());
  for (const Check& check : k_checks) {
    Answer answer = answer_of(check, report);
    findings.push_back({check.id, check.title, answer.status, std::move(answer.detail), std::move(answer.remedy)});
  }
  return findings;
}

bool enforceable(const std::vector<CheckResult>& findings) {
  return std::none_of(findings.begin(), findings.end(), [](const CheckResult& finding) {
    return finding.status == Status::missing || finding.status == Status::unknown;
  });
}

} // namespace agentbox::doctor
