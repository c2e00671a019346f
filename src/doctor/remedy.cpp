// SPDX-License-Identifier: Apache-2.0
#include "doctor/remedy.hpp"

#include <array>
#include <fmt/format.h>

namespace agentbox::doctor {
namespace {

struct PackageNames {
  Package package;
  const char* debian;
  const char* fedora;
  const char* suse;
  const char* arch;
  const char* alpine;
};

// Debian and Alpine keep the setuid helpers apart; Fedora, openSUSE and Arch ship them in shadow.
constexpr std::array k_packages = {
    PackageNames{Package::podman, "podman", "podman", "podman", "podman", "podman"},
    PackageNames{Package::crun, "crun", "crun", "crun", "crun", "crun"},
    PackageNames{Package::pasta, "passt", "passt", "passt", "passt", "passt"},
    PackageNames{Package::slirp4netns, "slirp4netns", "slirp4netns", "slirp4netns", "slirp4netns", "slirp4netns"},
    PackageNames{Package::uidmap, "uidmap", "shadow-utils", "shadow", "shadow", "shadow-subids"},
    PackageNames{Package::seccomp_profile, "golang-github-containers-common", "containers-common",
                 "libcontainers-common", "containers-common", "containers-common"},
    PackageNames{Package::mmdebstrap, "mmdebstrap", "mmdebstrap", "mmdebstrap", "mmdebstrap", nullptr},
    PackageNames{Package::agentbox, "agentbox", "agentbox", nullptr, nullptr, nullptr},
};

const char* package_name(const PackageNames& names, Family family) {
  switch (family) {
  case Family::debian: return names.debian;
  case Family::fedora: return names.fedora;
  case Family::suse: return names.suse;
  case Family::arch: return names.arch;
  case Family::alpine: return names.alpine;
  case Family::unknown: break;
  }
  return nullptr;
}

const char* installer(Family family) {
  switch (family) {
  case Family::debian: return "sudo apt-get install";
  case Family::fedora: return "sudo dnf install";
  case Family::suse: return "sudo zypper install";
  case Family::arch: return "sudo pacman -S";
  case Family::alpine: return "sudo apk add";
  case Family::unknown: break;
  }
  return "";
}

} // namespace

std::string install_command(const Distro& distro, Package package) {
  for (const PackageNames& names : k_packages) {
    if (names.package != package) {
      continue;
    }
    if (const char* name = package_name(names, distro.family)) {
      return fmt::format("{} {}", installer(distro.family), name);
    }
    return fmt::format("install {} with this distribution's package manager", names.debian);
  }
  return {};
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
