// SPDX-License-Identifier: Apache-2.0
#include "doctor/remedy.hpp"

#include <array>
#include <fmt/format.h>

namespace agentbox::doctor {
namespace {

/// One name or command for each Family but `unknown`, in its order: Debian, Fedora, SUSE, Arch, Alpine.
using PerFamily = std::array<const char*, 5>;

constexpr PerFamily k_installers = {"sudo apt-get install", "sudo dnf install", "sudo zypper install", "sudo pacman -S",
                                    "sudo apk add"};

// Debian and Alpine keep the setuid helpers apart; Fedora, openSUSE and Arch ship them in shadow. No name: not
// packaged.
constexpr std::array<PerFamily, 7> k_packages = {{
    {"podman", "podman", "podman", "podman", "podman"},
    {"crun", "crun", "crun", "crun", "crun"},
    {"passt", "passt", "passt", "passt", "passt"},
    {"slirp4netns", "slirp4netns", "slirp4netns", "slirp4netns", "slirp4netns"},
    {"uidmap", "shadow-utils", "shadow", "shadow", "shadow-subids"},
    {"golang-github-containers-common", "containers-common", "libcontainers-common", "containers-common",
     "containers-common"},
    {"agentbox", "agentbox", nullptr, nullptr, nullptr},
}};

} // namespace

std::string install_command(const Distro& distro, Package package) {
  const PerFamily& names = k_packages.at(static_cast<std::size_t>(package));
  const auto family = static_cast<std::size_t>(distro.family);
  if (distro.family == Family::unknown || names.at(family) == nullptr) {
    return fmt::format("install {} with this distribution's package manager", names.front());
  }
  return fmt::format("{} {}", k_installers.at(family), names.at(family));
}

std::string kernel_argument_command(const Distro& distro, std::string_view argument) {
  if (distro.family == Family::fedora) {
    return fmt::format("sudo grubby --update-kernel=ALL --args={} && sudo reboot", argument);
  }
  const char* regenerate = distro.family == Family::debian ? "update-grub" : "grub-mkconfig -o /boot/grub/grub.cfg";
  return fmt::format("echo 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX {}\"' | sudo tee -a /etc/default/grub && "
                     "sudo {} && sudo reboot",
                     argument, regenerate);
}

std::string sysctl_command(std::string_view name, std::string_view value) {
  return fmt::format("echo '{0} = {1}' | sudo tee /etc/sysctl.d/90-agentbox.conf && sudo sysctl -w {0}={1}", name,
                     value);
}

} // namespace agentbox::doctor
