// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "image/oci_archive.hpp"
#include "policy/egress.hpp"

namespace agentbox::oci {

/// One shared object as the dynamic loader found it.
struct LoadedObject {
  std::string name;             ///< as the program asks for it: "libc.so.6"
  std::filesystem::path source; ///< where it lies on this host

  bool operator==(const LoadedObject&) const = default;
};

/// What `LOADER --list PROGRAM` printed. The loader itself and the kernel's vDSO are left out. Pure.
/// Throws support::Error(failed) for an object that was not found, and for output it does not understand.
std::vector<LoadedObject> parse_loader_list(std::string_view output, const std::string& program);

/// The path of the dynamic loader that ELF file `program` asks for (PT_INTERP); empty for a static program.
/// Throws support::Error(failed) when it is no 64-bit ELF file of this machine.
std::string program_interpreter(const std::filesystem::path& program);

/// Everything in the firewall's image: `program` as /agentbox-firewall, its dynamic loader, the shared objects it
/// loads, one line of /etc/passwd and /etc/group, and the empty files and folders that are mounted over. Runs the
/// loader (--list), which does not run `program`.
/// With the driver iptables also the host's iptables program (all of it is one), what it loads, and the modules for the
/// matches and targets that the ruleset uses. Throws support::Error(refused) when the host has none.
std::vector<ImageEntry> firewall_image_entries(const std::filesystem::path& program, policy::FirewallDriver driver);

/// Writes the firewall's image as an OCI archive that `podman load` calls `name`. The same installed files give the
/// same ID. `version` becomes the label org.opencontainers.image.version.
ImageArchive write_firewall_image(const std::filesystem::path& archive, const std::string& name,
                                  const std::filesystem::path& program, policy::FirewallDriver driver,
                                  const std::string& version);

} // namespace agentbox::oci
