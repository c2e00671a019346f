// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <map>
#include <string>

#include "doctor/host_report.hpp"

namespace agentbox::doctor {

/// Time limit for Podman, which usually answers in a tenth of a second.
inline constexpr std::chrono::milliseconds k_patience = std::chrono::seconds(30);

/// Examines this host. Never throws for something that is missing: the report says so. Leaves nothing behind;
/// queries Podman and tries the ruleset (in a new network namespace) only as an ordinary user. Takes about a second.
HostReport read_host();

/// Returns the version that `PROGRAM --version` prints; empty when it is not installed or prints none.
std::string program_version(const std::string& program, const std::map<std::string, std::string>& environment);

// The parts of read_host(), by file.
void read_kernel(HostReport& report);                                                  // read_kernel.cpp
void read_podman(HostReport& report, std::chrono::milliseconds patience = k_patience); // read_podman.cpp
void read_ruleset(HostReport& report); // read_ruleset.cpp; after the others
void read_user(HostReport& report);    // read_user.cpp

} // namespace agentbox::doctor
