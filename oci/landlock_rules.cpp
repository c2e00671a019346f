// SPDX-License-Identifier: Apache-2.0
#include "oci/landlock_rules.hpp"

#include <initializer_list>

#include "protocol/protocol.hpp"

namespace agentbox::oci {
namespace {

struct BoxPath {
  const char* rights;
  const char* path;
};

/// Paths that every box has besides the policy's own. Everything else in the image may be read and executed, except the
/// directories of k_image: other users' homes, and those where a mount is most likely to be exposed by mistake.
/// Directories may be listed everywhere, or `find /` would find nothing.
constexpr std::initializer_list<BoxPath> k_paths = {
    {"l", "/"}, {"rwx", "/tmp"}, {"rwx", "/var/tmp"}, {"rw", "/dev"}, {"rw", "/proc"}, {"r", "/sys"},
};
constexpr const char* k_image = "image /boot /home /media /mnt /root /run /srv \n";

} // namespace

std::string landlock_rules(const policy::PolicyFields& fields, const HostFacts& facts) {
  if (facts.landlock_abi == 0) {
    return {};
  }
  std::string rules = "abi " + std::to_string(facts.landlock_abi) + "\n";
  const auto allow = [&](const std::string& rights, const std::string& path) {
    if (path.find('\n') == std::string::npos) { // one path a line
      rules.append(rights).append(" ").append(path).append("\n");
    }
  };
  for (const auto& [rights, path] : k_paths) {
    allow(rights, path);
  }
  rules += k_image;
  allow("rwx", fields.user.home);
  allow("rwx", fields.workspace.destination);
  if (facts.box_directory) {
    allow("r", protocol::k_run_path);
  }
  for (const policy::Mount& mount : fields.mounts) {
    allow(mount.read_only ? "rx" : "rwx", mount.destination);
  }
  return rules;
}

} // namespace agentbox::oci
