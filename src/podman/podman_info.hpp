// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "podman/podman.hpp"

namespace agentbox::podman {

/// A program's version, "4.3.1" or "5.8.0-dev".
struct Version {
  int major = 0;
  int minor = 0;
  int patch = 0;

  std::string text() const;
  auto operator<=>(const Version&) const = default; // NOLINT(modernize-use-nullptr): clang-tidy 14 is wrong
};

/// Reads "4.3.1", "5.8.0-rc1". Throws Error(refused) on anything else.
Version parse_version(std::string_view text);

/// The oldest Podman that the launch code knows to work.
inline constexpr Version k_oldest_podman{4, 3, 0};

/// What this host has, as Podman sees it.
struct PodmanInfo {
  Version podman;
  bool rootless = true;
  std::string oci_runtime;     ///< "crun", "runc"
  std::string network_program; ///< of rootless pods: "pasta" or "slirp4netns"; empty: neither is installed
  std::filesystem::path network_path;
  bool maps_loopback = false; ///< it is a pasta that can give the host's loopback an address
  std::string cgroup_manager; ///< "systemd" or "cgroupfs"
  std::string cgroup_version; ///< "v1" or "v2"
  std::set<std::string>
      controllers;          ///< cgroup controllers delegated to us: "cpu", "memory", "pids"; read afresh each time
  std::string graph_driver; ///< "overlay", "vfs"
  std::filesystem::path graph_root;
  bool native_overlay = false;           ///< the kernel's overlayfs rather than fuse-overlayfs
  bool selinux = false;                  ///< Podman labels containers
  bool seccomp = false;                  ///< Podman applies seccomp filters
  std::filesystem::path seccomp_profile; ///< Podman's default profile, e.g. /usr/share/containers/seccomp.json
  bool uid_map = false;                  ///< more than one uid is mapped (there is a subuid range)

  bool operator==(const PodmanInfo&) const = default;
};

/// The facts out of `podman info --format json` (pure; the controllers and network_program come as Podman says them).
/// Throws Error(refused) when the text is not what Podman prints.
PodmanInfo parse_podman_info(std::string_view info_json);

/// Whether the program `pasta` knows the option --map-host-loopback (since August 2024). Told by its text: Podman does
/// not always know its version, and it has no other way to say so.
bool knows_loopback_mapping(const std::filesystem::path& pasta);

/// Facts of this host from cache_folder()/host.json when that was written for the same podman program (path, size,
/// mtime) in the same boot by the same user with the same containers.conf and storage.conf; else asks `podman info`
/// (about 80 ms) and writes the cache.
/// Throws Error(refused): Podman older than k_oldest_podman, no subuid range, not rootless.
PodmanInfo podman_info(const Podman& podman);

/// Like podman_info(), but asks Podman anew and checks nothing: for `agentbox doctor`, which reports every line.
PodmanInfo fresh_podman_info(const Podman& podman, support::CaptureLimits limits = {});

/// What podman_info() checks, on its own. Throws Error(refused).
void require_usable(const PodmanInfo& facts);

/// The cgroup v2 controllers that a rootless container of ours can get: those delegated to user@UID.service where
/// systemd runs, else to this process's own cgroup. `cgroup_root` is /sys/fs/cgroup.
std::set<std::string> delegated_controllers(const std::filesystem::path& cgroup_root, std::string_view proc_self_cgroup,
                                            unsigned uid);

} // namespace agentbox::podman
