// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "podman/podman.hpp"

namespace agentbox::podman {

/// A version: "4.3.1" or "5.8.0-dev".
struct Version {
  int major = 0;
  int minor = 0;
  int patch = 0;

  std::string text() const;
  auto operator<=>(const Version&) const = default; // NOLINT(modernize-use-nullptr): clang-tidy 14 is wrong
};

/// Parses "4.3.1", "5.8.0-rc1". Throws Error(refused) for anything else.
Version parse_version(std::string_view text);

/// The hint for a user without subordinate uids.
inline constexpr const char* k_add_subuids =
    "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 \"$USER\" && podman system migrate";

/// The oldest supported Podman.
inline constexpr Version k_oldest_podman{4, 3, 0};

/// Podman's information about itself and this host.
struct PodmanInfo {
  Version podman;
  bool rootless = true;
  std::string oci_runtime;     ///< "crun", "runc"
  std::string network_program; ///< of rootless pods: "pasta" or "slirp4netns"; empty: neither is installed
  std::filesystem::path network_path;
  bool maps_loopback = false; ///< a pasta that can give the host's loopback an address
  std::string cgroup_manager; ///< "systemd" or "cgroupfs"
  std::string cgroup_version; ///< "v1" or "v2"
  std::set<std::string>
      controllers;          ///< cgroup controllers delegated to the user: "cpu", "memory", "pids"; never cached
  std::string graph_driver; ///< "overlay", "vfs"
  std::filesystem::path graph_root;
  bool native_overlay = false;           ///< the kernel's overlayfs, not fuse-overlayfs
  bool selinux = false;                  ///< Podman labels containers
  bool seccomp = false;                  ///< Podman applies seccomp filters
  std::filesystem::path seccomp_profile; ///< Podman's default profile, e.g. /usr/share/containers/seccomp.json
  bool uid_map = false;                  ///< more than one uid is mapped (there is a subuid range)

  bool operator==(const PodmanInfo&) const = default;
};

/// Parses the output of `podman info --format json`. `controllers` are those that Podman names. Throws Error(refused).
/// Pure.
PodmanInfo parse_podman_info(std::string_view info_json);

/// Returns whether the program `pasta` has the option --map-host-loopback (since August 2024). It searches the
/// program's bytes, because Podman does not always report pasta's version.
bool supports_loopback_mapping(const std::filesystem::path& pasta);

/// Returns the information from cache_directory()/host.json if that was written for the same podman program, boot, user
/// and Podman configuration; else runs `podman info` (about 80 ms) and writes the cache. Throws Error(refused) like
/// require_usable().
PodmanInfo podman_info(const Podman& podman);

/// Like podman_info(), but always runs Podman and does not check: for `agentbox doctor`, which reports every problem.
PodmanInfo fresh_podman_info(const Podman& podman, support::CaptureLimits limits = {});

/// Throws Error(refused) when agentbox cannot use this Podman: too old, not rootless, without subuid range, rootless
/// network or seccomp.
void require_usable(const PodmanInfo& info);

/// Returns the cgroup v2 controllers of the user's rootless containers: those delegated to user@UID.service where
/// systemd runs, else to this process's own cgroup. `cgroup_root` is /sys/fs/cgroup.
std::set<std::string> delegated_controllers(const std::filesystem::path& cgroup_root, std::string_view proc_self_cgroup,
                                            unsigned uid);

} // namespace agentbox::podman
