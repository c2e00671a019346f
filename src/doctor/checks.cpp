// SPDX-License-Identifier: Apache-2.0
#include "doctor/checks.hpp"

#include <algorithm>
#include <utility>

namespace agentbox::doctor {

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

CheckResult ok(Line line, std::string detail) {
  return {line.id, line.title, Status::ok, std::move(detail), ""};
}

CheckResult missing(Line line, std::string detail, std::string remedy) {
  return {line.id, line.title, Status::missing, std::move(detail), std::move(remedy)};
}

CheckResult unknown(Line line, std::string detail, std::string remedy) {
  return {line.id, line.title, Status::unknown, std::move(detail), std::move(remedy)};
}

CheckResult degraded(Line line, std::string detail, std::string remedy) {
  return {line.id, line.title, Status::degraded, std::move(detail), std::move(remedy)};
}

CheckResult not_applicable(Line line, std::string detail) {
  return {line.id, line.title, Status::not_applicable, std::move(detail), ""};
}

CheckResult asked_as_root(Line line) {
  return not_applicable(line, "ask again as an ordinary user");
}

const std::vector<Check>& all_checks() {
  static const std::vector<Check> checks = {
      check_user,
      check_podman,
      check_oci_runtime,
      check_network_program,
      check_tun,
      check_user_namespaces,
      check_id_helpers,
      check_subordinate_ids,
      check_cgroups,
      check_process_limit,
      check_memory_and_cpu,
      check_ruleset,
      check_seccomp,
      check_seccomp_profile,
      check_selinux,
      check_overlay,
      check_storage,
      check_disk,
      check_runtime_folder,
      check_linger,
      check_installation,
      check_mmdebstrap,
  };
  return checks;
}

std::vector<CheckResult> examine(const HostReport& report) {
  std::vector<CheckResult> findings;
  findings.reserve(all_checks().size());
  for (const Check check : all_checks()) {
    findings.push_back(check(report));
  }
  return findings;
}

bool enforceable(const std::vector<CheckResult>& findings) {
  return std::none_of(findings.begin(), findings.end(), [](const CheckResult& finding) {
    return finding.status == Status::missing || finding.status == Status::unknown;
  });
}

} // namespace agentbox::doctor
