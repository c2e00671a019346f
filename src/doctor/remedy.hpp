// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "doctor/host_report.hpp"

namespace agentbox::doctor {

/// Programs that come in packages, whose names differ between distributions.
enum class Package { podman, crun, pasta, slirp4netns, uidmap, seccomp_profile, mmdebstrap, agentbox };

/// The command that installs `package` on `distro`: "sudo apt-get install crun". Where the distribution is not known
/// it is a sentence that names the program.
std::string install_command(const Distro& distro, Package package);

/// The command that adds `argument` to the kernel's command line; it counts after a reboot.
std::string kernel_argument_command(const Distro& distro, std::string_view argument);

/// The command that sets a sysctl now and at every boot.
std::string sysctl_command(std::string_view name, std::string_view value);

} // namespace agentbox::doctor
