// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "podman/podman_info.hpp"
#include "selinux/host_selinux.hpp"

namespace agentbox::doctor {

/// Distributions by the tool that installs their packages.
enum class Family { debian, fedora, suse, arch, alpine, unknown };

/// The distribution, from os-release(5).
struct Distro {
  Family family = Family::unknown; ///< from ID, else ID_LIKE
  std::string name;                ///< PRETTY_NAME
};

/// A program that must run with more than the caller's rights (newuidmap, newgidmap).
struct Helper {
  std::string path;        ///< empty: not found
  bool privileged = false; ///< setuid root, or with file capabilities
};

/// The caller's subordinate IDs in /etc/subuid or /etc/subgid.
struct IdRange {
  std::uint64_t count = 0;          ///< in all ranges together
  std::uint64_t next_free = 100000; ///< the first id above every range of the file, for the remedy
};

/// The installed Podman, and whether `podman info` works.
struct PodmanReport {
  std::string path;                        ///< empty: not found
  std::optional<podman::Version> version;  ///< from `podman --version`, which works on a host where nothing else does
  std::string error;                       ///< why `podman info` failed; empty if it did not or was not run
  std::string error_hint;                  ///< the hint of `error`; may be empty
  bool silent = false;                     ///< `error` is a timeout: Podman exists, and may work
  std::optional<podman::PodmanInfo> facts; ///< from `podman info`, which root does not run
  std::string runtime_version;             ///< of facts->oci_runtime, "1.8.1"
};

/// State of a kernel feature that may be a module.
enum class ModuleState { loaded, built_in, loadable, absent, unknown };

/// A system call, or a flag of one, that agentbox uses and the running kernel lacks.
struct LackingCall {
  std::string name;      ///< "openat2"
  std::string since;     ///< the first Linux that has it: "5.6"
  std::string lost = {}; ///< what does not work without it; empty: no box starts
};

/// SELinux on the host.
struct SelinuxReport {
  selinux::Mode mode = selinux::Mode::disabled;
  std::string policy;       ///< "targeted"
  bool levels = false;      ///< the policy has levels
  std::string problem;      ///< why boxes cannot be labelled; empty: they can
  std::string home_context; ///< of the home directory
  std::optional<bool> nfs;  ///< the boolean virt_use_nfs
};

/// The way in which control groups are mounted on the host.
enum class CgroupLayout { none, v1, hybrid, v2 };

/// The result of loading the firewall's ruleset into a throw-away network namespace.
struct RulesetTrial {
  bool attempted = false;
  std::string error; ///< empty when attempted and accepted
};

/// The result of starting a throw-away box.
struct BoxTrial {
  enum class State { skipped, no_images, started, failed } state = State::skipped;
  std::string error = {}; ///< of `failed`, with its hint
  std::string hint = {};
  std::int64_t milliseconds = 0; ///< of `started`: from its start to its removal
};

/// Everything that the checks read, as plain values: read_host() fills it in, tests construct their own.
struct HostReport {
  Distro distro;
  std::string kernel;                     ///< uname -r
  std::vector<LackingCall> lacking_calls; ///< ordered by `since`
  std::uint32_t uid = 0;
  std::string user;
  bool systemd = false; ///< /run/systemd/system exists
  PodmanReport podman;
  std::string pasta;       ///< path, empty: not found
  std::string slirp4netns; ///< path, empty: not found
  bool tun_usable = false; ///< /dev/net/tun opens for reading and writing
  bool tun_present = false;
  Helper newuidmap;
  Helper newgidmap;
  IdRange subuid;
  IdRange subgid;
  std::map<std::string, std::string> sysctls; ///< only those that exist: "kernel.unprivileged_userns_clone" -> "1"
  bool apparmor_podman_profile = false;       ///< /etc/apparmor.d/podman exists
  CgroupLayout cgroups = CgroupLayout::none;
  std::map<std::string, ModuleState> modules;
  RulesetTrial ruleset;          ///< by nftables, the default driver
  RulesetTrial iptables_ruleset; ///< by the other driver; attempted if nftables failed
  SelinuxReport selinux;
  bool kernel_seccomp_filter = false;
  int kernel_landlock = 0;       ///< the kernel's version of Landlock; 0: none
  int box_landlock = 0;          ///< the version that boxes use; 0: none
  std::string seccomp_profile;   ///< path of the profile that the box starts from
  std::string seccomp_problem;   ///< why it cannot be used; empty: it parses
  std::uint64_t idle_images = 0; ///< bytes of agentbox's images that no container uses; shared layers count per image
  std::uint64_t disk_free = 0;   ///< bytes free to the caller below storage_root
  std::string runtime_directory; ///< $XDG_RUNTIME_DIR or its default
  std::string runtime_problem;   ///< empty: it is writable and ours
  bool runtime_fallback = false; ///< below /tmp, because XDG_RUNTIME_DIR is not set
  std::optional<bool> linger;    ///< nothing where systemd-logind does not run
  std::string installation;      ///< where agentbox's own programs are; empty: some are missing
  std::string installation_problem; ///< what is missing, if `installation` is empty
  std::string mmdebstrap;           ///< path, empty: not found
  BoxTrial box;                     ///< not read by read_host(): the command starts it when nothing is missing
};

} // namespace agentbox::doctor
