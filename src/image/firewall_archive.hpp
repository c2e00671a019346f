// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "image/oci_archive.hpp"
#include "policy/egress.hpp"

namespace agentbox::image {

/// A shared object as the dynamic loader found it.
struct LoadedObject {
  std::string name;             ///< as the program names it: "libc.so.6"
  std::filesystem::path source; ///< its path on this host

  bool operator==(const LoadedObject&) const = default;
};

/// Parses the output of `LOADER --list PROGRAM`, without the loader itself and the kernel's vDSO. Pure.
/// Throws support::Error(failed) for an object that was not found, and for other output.
std::vector<LoadedObject> parse_loader_list(std::string_view output, const std::string& program);

/// Returns everything in the firewall's image: `program` as /agentbox-firewall, its dynamic loader, the shared objects
/// it loads, /etc/passwd and /etc/group, and the empty files and directories that are mounted over. Runs the loader
/// with --list, which does not run `program`.
/// Depending on the driver, includes agentbox-nft, from the directory of `program`, or the host's iptables and its
/// modules for the matches and targets of the ruleset; and what they load. Throws support::Error(refused) when the host
/// has no iptables.
std::vector<ImageEntry> firewall_image_entries(const std::filesystem::path& program, policy::FirewallDriver driver);

/// Writes the firewall's image, which holds `entries`, as an OCI archive. The same installed files give the same ID.
/// `version` becomes the label org.opencontainers.image.version.
ImageArchive write_firewall_image(const std::filesystem::path& archive, std::vector<ImageEntry> entries,
                                  const std::string& version);

} // namespace agentbox::image
