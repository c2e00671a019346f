// SPDX-License-Identifier: Apache-2.0
#pragma once
// The checks one by one; all_checks() of finding.hpp lists them in the order of the report.
#include <string>

#include "doctor/check_result.hpp"

namespace agentbox::doctor {

/// Which check speaks: its id for scripts, its title for readers.
struct Line {
  const char* id;
  const char* title;
};

CheckResult ok(Line line, std::string detail);
CheckResult missing(Line line, std::string detail, std::string remedy);
CheckResult unknown(Line line, std::string detail, std::string remedy);
CheckResult degraded(Line line, std::string detail, std::string remedy);
CheckResult not_applicable(Line line, std::string detail);

/// What the checks of an ordinary user's rights answer to root.
CheckResult asked_as_root(Line line);

/// The fewest subordinate ids with which every id of an image can be mapped.
inline constexpr std::uint64_t k_subordinate_ids = 65536;
/// Less than this and an image build may not fit. Base, toolkits and two agents take about 1.5 GiB, twice while
/// building.
inline constexpr std::uint64_t k_disk_wanted = 5ULL << 30U;

// checks_user.cpp
CheckResult check_user(const HostReport& report);
CheckResult check_subordinate_ids(const HostReport& report);
CheckResult check_id_helpers(const HostReport& report);
CheckResult check_runtime_folder(const HostReport& report);
CheckResult check_linger(const HostReport& report);

// checks_podman.cpp
CheckResult check_podman(const HostReport& report);
CheckResult check_oci_runtime(const HostReport& report);
CheckResult check_network_program(const HostReport& report);
CheckResult check_tun(const HostReport& report);
CheckResult check_storage(const HostReport& report);
CheckResult check_disk(const HostReport& report);
CheckResult check_installation(const HostReport& report);
CheckResult check_mmdebstrap(const HostReport& report);

// checks_kernel.cpp
CheckResult check_user_namespaces(const HostReport& report);
CheckResult check_cgroups(const HostReport& report);
CheckResult check_process_limit(const HostReport& report);
CheckResult check_memory_and_cpu(const HostReport& report);
CheckResult check_ruleset(const HostReport& report);
CheckResult check_overlay(const HostReport& report);
CheckResult check_selinux(const HostReport& report);
CheckResult check_seccomp(const HostReport& report);
CheckResult check_seccomp_profile(const HostReport& report);

} // namespace agentbox::doctor
