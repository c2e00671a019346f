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
#include "support/tree_changes.hpp"

namespace agentbox::oci {

/// Identity of the file that a path named when the launcher checked it. The hook checks that it is still the same
/// before the path is mounted.
struct FileIdentity {
  std::uint64_t device = 0; ///< st_dev
  std::uint64_t inode = 0;  ///< st_ino
  bool directory = true;    ///< a directory (S_ISDIR), else a file

  bool operator==(const FileIdentity&) const = default;
};

/// One line of a uid or gid map (OCI linux.uidMappings).
struct IdMapping {
  std::uint32_t container_id = 0;
  std::uint32_t host_id = 0;
  std::uint32_t size = 1;

  bool operator==(const IdMapping&) const = default;
};

/// The cgroup controllers that a container of this user can use. A limit whose controller is missing is left out if
/// something else enforces it (pids: RLIMIT_NPROC), and is an error otherwise.
struct Controllers {
  bool pids = false;
  bool memory = false;
  bool cpu = false;

  bool operator==(const Controllers&) const = default;
};

/// The SELinux contexts of a box's containers (selinux/context.hpp), and their levels, which are passed to Podman. A
/// level is empty if the SELinux policy has none.
struct SelinuxLabels {
  std::string agent;
  std::string agent_files;
  std::string agent_level;
  std::string firewall;
  std::string firewall_files;
  std::string firewall_level;
  std::string project_level;
};

/// The paths in a directory that the Git configuration refers to. Relative.
struct GitReferences {
  std::vector<std::string> read_only;  ///< protected only because they are referenced
  std::vector<std::string> referenced; ///< hooks directories and included files, existing or not, protected or not
  std::set<std::string> command_files; ///< files that commands name, and links in their paths
  std::vector<std::string> unused_exceptions; ///< entries of workspace.protect_except that no setting references
};

/// A copy without credentials that the box sees in place of a file with credentials.
struct CleanedFile {
  std::filesystem::path file; ///< written by the launcher
  std::string text;
};

/// Paths in the workspace or in another mount that the box may not change or see, which exist and are not symbolic
/// links. Relative and sorted.
struct GuardedPaths {
  std::vector<std::string> read_only;         ///< entries of workspace.protect, and their counterparts in submodules
  std::vector<std::string> masked;            ///< entries of workspace.mask
  std::vector<std::string> read_only_by_name; ///< those that were found by name below the top directory
  std::vector<std::string> masked_by_name;
  std::vector<std::string> pins; ///< directories that are mounted onto themselves because of `read_only_by_name`
};

/// Returns the directories that are mounted onto themselves, because a mount point cannot be renamed: those above the
/// guarded paths, each listed once, parents first. For paths found by name only `pins`: see covered_pins_of(). Pure.
std::vector<std::filesystem::path> pins_of(const GuardedPaths& guarded);

/// Returns the other directories above read-only paths that were found by name, parents first. They are mounted onto
/// themselves too, and then covered by a second mount of the tree: a directory on which anything is mounted in the
/// mount namespace cannot be renamed or removed, whatever the path (is_local_mountpoint() in the kernel's fs/namei.c).
/// With visible mounts, files could not be moved between these directories (EXDEV). Pure.
std::vector<std::filesystem::path> covered_pins_of(const GuardedPaths& guarded);

/// Facts about the host that the renderers need besides the policy. Plain values, gathered by the launcher.
struct HostFacts {
  seccomp::Arch arch = seccomp::native_arch();
  std::string seccomp_profile; ///< text of the host's default profile; empty: none found (refused)
  std::string seccomp_profile_path = "/usr/share/containers/seccomp.json"; ///< for messages
  Controllers delegated;
  std::uint64_t open_files_hard = 524288; ///< the launcher's RLIMIT_NOFILE, hard
  std::uint64_t processes_hard = 31000;   ///< the launcher's RLIMIT_NPROC, hard
  bool maps_loopback = false;             ///< the host's loopback is protocol::k_mapped_loopback, not the gateway
  bool terminal = false;                  ///< the agent gets a terminal (podman run -t)
  std::string nonce;                      ///< hex; proves that a firewall belongs to this box

  std::string agent_rootfs = "rootfs"; ///< OCI root.path; the hook replaces it with Podman's
  std::string firewall_rootfs = "rootfs";

  std::filesystem::path egress_json;                  ///< mounted read-only into the firewall
  std::optional<std::filesystem::path> box_directory; ///< mounted into the agent; only agentbox keeps one
  std::filesystem::path run_directory;                ///< mounted into the firewall only
  std::filesystem::path audit_directory;              ///< mounted into the firewall only
  std::filesystem::path hosts;                        ///< the agent's /etc/hosts
  std::optional<std::filesystem::path> resolv_conf;   ///< the agent's; none with --full-network, where Podman writes it

  GuardedPaths guarded; ///< of the workspace
  std::map<std::filesystem::path, CleanedFile>
      cleaned;                      ///< by absolute path of the original: protected files without their credentials
  std::vector<std::string> notices; ///< what the user should know about the workspace; not rendered
  support::TreeChanges changes;     ///< of the workspace; not rendered
  std::map<std::filesystem::path, GuardedPaths> guarded_in_mounts; ///< by source, of other mounts
  std::map<std::filesystem::path, GitReferences>
      git_references;                                    ///< of the workspace and other writable mounts; not rendered
  std::filesystem::path empty_file;                      ///< mounted over masked files
  std::map<std::filesystem::path, FileIdentity> sources; ///< the workspace, the source of every mount, and every
                                                         ///< protected or masked path with its ancestors
  std::optional<SelinuxLabels> selinux;                  ///< none where SELinux is disabled
  std::optional<std::filesystem::path> ca_copy;          ///< the launcher's copy of the CA bundle, with the box's label
  bool compare_inside = false;                  ///< agent-entrypoint compares all mounts with the expected ones
  std::vector<std::string> mounted_here;        ///< the host's mount points, as spelled in /proc/self/mountinfo
  int landlock_abi = 0;                         ///< the version of Landlock to use; 0: none
  bool leash = false;                           ///< agent and firewall end with their launcher
  std::map<std::string, std::string> agent_env; ///< from the launcher: TERM, COLORTERM, LANG, TZ, and Git's variables
  std::map<std::string, std::string> box_files; ///< text of further files in box_directory, by name; not rendered

  std::vector<IdMapping> uid_mappings; ///< empty: Podman's
  std::vector<IdMapping> gid_mappings;
  std::optional<std::filesystem::path> network_namespace; ///< for the agent to join; none: Podman's
  std::optional<std::filesystem::path> user_namespace;    ///< for the agent to join
};

/// Returns whether a path is masked, in the workspace or in another mount. Pure.
bool masks_any(const HostFacts& facts);

} // namespace agentbox::oci
