// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "doctor/host_report.hpp"

namespace agentbox::doctor {

/// Programs that come in packages, whose names differ between distributions. In the order of the table in remedy.cpp.
enum class Package { podman, crun, pasta, slirp4netns, uidmap, seccomp_profile, agentbox };

/// Returns the command that installs `package` on `distro`: "sudo apt-get install crun". On an unknown distribution it
/// is a sentence that names the program.
std::string install_command(const Distro& distro, Package package);

/// Returns the command that adds `argument` to the kernel's command line. Takes effect after a reboot.
std::string kernel_argument_command(const Distro& distro, std::string_view argument);

/// Returns the command that sets a sysctl now and at every boot.
std::string sysctl_command(std::string_view name, std::string_view value);

} // namespace agentbox::doctor
