// SPDX-License-Identifier: Apache-2.0
#include "doctor/remedy.hpp"

#include "catch.hpp"

using namespace agentbox::doctor;

TEST_CASE("packages by the names and tools of each distribution") {
  const auto install = [](Family family, Package package) { return install_command({family, ""}, package); };
  CHECK(install(Family::debian, Package::pasta) == "sudo apt-get install passt");
  CHECK(install(Family::fedora, Package::uidmap) == "sudo dnf install shadow-utils");
  CHECK(install(Family::suse, Package::crun) == "sudo zypper install crun");
  CHECK(install(Family::arch, Package::podman) == "sudo pacman -S podman");
  CHECK(install(Family::alpine, Package::uidmap) == "sudo apk add shadow-subids");
  CHECK(install(Family::unknown, Package::podman) == "install podman with this distribution's package manager");
  CHECK(install(Family::alpine, Package::agentbox) == "install agentbox with this distribution's package manager");
}

TEST_CASE("kernel arguments and sysctls") {
  CHECK(kernel_argument_command({Family::fedora, ""}, "a=1") ==
        "sudo grubby --update-kernel=ALL --args=a=1 && sudo reboot");
  CHECK(kernel_argument_command({Family::debian, ""}, "a=1").find("sudo update-grub") != std::string::npos);
  CHECK(kernel_argument_command({Family::arch, ""}, "a=1").find("grub-mkconfig") != std::string::npos);
  CHECK(sysctl_command("user.max_user_namespaces", "15000") ==
        "echo 'user.max_user_namespaces = 15000' | sudo tee /etc/sysctl.d/90-agentbox.conf && "
        "sudo sysctl -w user.max_user_namespaces=15000");
}
