// SPDX-License-Identifier: Apache-2.0
// The checks one by one; checks.cpp lists them in the order of the report.
#pragma once
#include <string>
#include <utility>

#include "doctor/check_result.hpp"

namespace agentbox::doctor {

/// The finding of a check.
struct Answer {
  Status status;
  std::string detail;
  std::string remedy = {};
};

inline Answer ok(std::string detail) {
  return {Status::ok, std::move(detail)};
}
inline Answer missing(std::string detail, std::string remedy) {
  return {Status::missing, std::move(detail), std::move(remedy)};
}
inline Answer degraded(std::string detail, std::string remedy) {
  return {Status::degraded, std::move(detail), std::move(remedy)};
}
inline Answer not_applicable(std::string detail) {
  return {Status::not_applicable, std::move(detail)};
}

/// Returns the answer, for root, of checks that concern an ordinary user's rights.
inline Answer asked_as_root() {
  return not_applicable("run agentbox doctor as an ordinary user");
}

// checks_user.cpp
Answer check_user(const HostReport& report);
Answer check_subordinate_ids(const HostReport& report);
Answer check_id_helpers(const HostReport& report);
Answer check_runtime_directory(const HostReport& report);
Answer check_linger(const HostReport& report);

// checks_podman.cpp
Answer check_podman(const HostReport& report);
Answer check_oci_runtime(const HostReport& report);
Answer check_network_program(const HostReport& report);
Answer check_tun(const HostReport& report);
Answer check_storage(const HostReport& report);
Answer check_disk(const HostReport& report);
Answer check_installation(const HostReport& report);
Answer check_mmdebstrap(const HostReport& report);
Answer check_box(const HostReport& report);

// checks_kernel.cpp
Answer check_kernel(const HostReport& report);
Answer check_user_namespaces(const HostReport& report);
Answer check_cgroups(const HostReport& report);
Answer check_process_limit(const HostReport& report);
Answer check_memory_and_cpu(const HostReport& report);
Answer check_ruleset(const HostReport& report);
Answer check_overlay(const HostReport& report);
Answer check_selinux(const HostReport& report);
Answer check_seccomp(const HostReport& report);
Answer check_seccomp_profile(const HostReport& report);
Answer check_landlock(const HostReport& report);

} // namespace agentbox::doctor
