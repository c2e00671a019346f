// SPDX-License-Identifier: Apache-2.0
#pragma once
// The checks one by one; all_checks() of finding.hpp lists them in the order of the report.
#include <string>

#include "doctor/check_finding.hpp"

namespace agentbox::doctor {

/// Which check speaks: its id for scripts, its title for readers.
struct Line {
  const char* id;
  const char* title;
};

Finding ok(Line line, std::string detail);
Finding missing(Line line, std::string detail, std::string remedy);
Finding unknown(Line line, std::string detail, std::string remedy);
Finding degraded(Line line, std::string detail, std::string remedy);
Finding not_applicable(Line line, std::string detail);

/// What the checks of an ordinary user's rights answer to root.
Finding asked_as_root(Line line);

/// The fewest subordinate ids with which every id of an image can be mapped.
inline constexpr std::uint64_t k_subordinate_ids = 65536;
/// Less than this and an image build may not fit. Base, toolkits and two agents take about 1.5 GiB, twice while
/// building.
inline constexpr std::uint64_t k_disk_wanted = 5ULL << 30U;

// checks_user.cpp
Finding check_user(const HostReport& report);
Finding check_subordinate_ids(const HostReport& report);
Finding check_id_helpers(const HostReport& report);
Finding check_runtime_folder(const HostReport& report);
Finding check_linger(const HostReport& report);

// checks_podman.cpp
Finding check_podman(const HostReport& report);
Finding check_oci_runtime(const HostReport& report);
Finding check_network_program(const HostReport& report);
Finding check_tun(const HostReport& report);
Finding check_storage(const HostReport& report);
Finding check_disk(const HostReport& report);
Finding check_installation(const HostReport& report);
Finding check_mmdebstrap(const HostReport& report);

// checks_kernel.cpp
Finding check_user_namespaces(const HostReport& report);
Finding check_cgroups(const HostReport& report);
Finding check_process_limit(const HostReport& report);
Finding check_memory_and_cpu(const HostReport& report);
Finding check_ruleset(const HostReport& report);
Finding check_overlay(const HostReport& report);
Finding check_selinux(const HostReport& report);
Finding check_seccomp(const HostReport& report);
Finding check_seccomp_profile(const HostReport& report);

} // namespace agentbox::doctor
