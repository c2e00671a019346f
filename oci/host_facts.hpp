// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "oci/seccomp/arch.hpp"

namespace agentbox::oci {

/// Which file a path meant when the launcher looked at it. The hook compares before the path is mounted.
struct FileIdentity {
  std::uint64_t device = 0; ///< st_dev
  std::uint64_t inode = 0;  ///< st_ino
  bool folder = true;       ///< S_ISDIR; else a file

  bool operator==(const FileIdentity&) const = default;
};

/// One line of a uid or gid map (OCI linux.uidMappings).
struct IdMapping {
  std::uint32_t container_id = 0;
  std::uint32_t host_id = 0;
  std::uint32_t size = 1;

  bool operator==(const IdMapping&) const = default;
};

/// Which cgroup controllers a container of this user can be given. A limit whose controller is missing is left out
/// where something else holds it (pids: RLIMIT_NPROC), and is an error otherwise.
struct Controllers {
  bool pids = false;
  bool memory = false;
  bool cpu = false;

  bool operator==(const Controllers&) const = default;
};

/// The paths in a directory that Git's settings reference. Relative.
struct GitReferences {
  std::vector<std::string> read_only;  ///< protected only because they are referenced
  std::vector<std::string> referenced; ///< hooks directories and included files, existing or not, protected or not
  std::set<std::string> command_files; ///< files that commands name, and links on the way to them
  std::vector<std::string> unused_exceptions; ///< entries of workspace.protect_except that no setting references
};

/// What the renderers must know of the host besides the policy. Plain values, gathered by the launcher.
struct HostFacts {
  seccomp::Arch arch = seccomp::native_arch();
  std::string seccomp_profile; ///< text of the host's default profile; empty: there is none (refused)
  std::string seccomp_profile_path = "/usr/share/containers/seccomp.json"; ///< for messages
  Controllers delegated;
  std::uint64_t open_files_hard = 524288; ///< the launcher's RLIMIT_NOFILE, hard
  std::uint64_t processes_hard = 31000;   ///< the launcher's RLIMIT_NPROC, hard
  bool terminal = false;                  ///< the agent gets a terminal (podman run -t)
  std::string nonce;                      ///< hex; the firewall proves with it that it is this box's

  std::string agent_rootfs = "rootfs"; ///< OCI root.path; the hook puts Podman's in its place
  std::string firewall_rootfs = "rootfs";

  std::filesystem::path egress_json;                ///< mounted read-only into the firewall
  std::filesystem::path run_folder;                 ///< mounted into the firewall only
  std::filesystem::path audit_folder;               ///< mounted into the firewall only
  std::filesystem::path hosts;                      ///< the agent's /etc/hosts
  std::optional<std::filesystem::path> resolv_conf; ///< the agent's; none under --full-network: the host's by Podman

  std::vector<std::string> protected_paths; ///< those of the policy's workspace.protect that exist (no symbolic links),
                                            ///< and what they mean in the repositories of its submodules
  std::vector<std::string> masked_paths;    ///< those of the policy's workspace.mask that exist (no symbolic links)
  /// The same for further writable folders, by the source of the mount: paths relative to it.
  std::map<std::filesystem::path, std::vector<std::string>> protected_in_mounts;
  std::map<std::filesystem::path, GitReferences>
      git_references;               ///< of the workspace and further writable folders; no renderer's
  std::filesystem::path empty_file; ///< what the box sees in the place of a masked file
  std::map<std::filesystem::path, FileIdentity> sources; ///< the workspace, every mount's source, and every protected
                                                         ///< or masked path with its ancestors below the workspace
  bool compare_inside = false; ///< agent-entrypoint is told the identities, and looks again behind the mounts
  std::map<std::string, std::string> agent_env; ///< from the launcher's terminal: TERM, COLORTERM, LANG, TZ

  std::vector<IdMapping> uid_mappings; ///< empty: as Podman makes them
  std::vector<IdMapping> gid_mappings;
  std::optional<std::filesystem::path> network_namespace; ///< the agent's, to be joined; none: as Podman makes it
  std::optional<std::filesystem::path> user_namespace;    ///< the agent's, to be joined
};

} // namespace agentbox::oci
