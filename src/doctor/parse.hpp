// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "doctor/host_report.hpp"

namespace agentbox::doctor {

/// Returns the text of a system file; nothing if it does not exist or cannot be read.
std::optional<std::string> text_of(const std::filesystem::path& path);

/// Returns the distribution from the text of os-release(5). The family comes from ID, else from the first known word of
/// ID_LIKE.
Distro parse_os_release(std::string_view text);

/// Returns the ranges of `user` (by name or number) in the text of /etc/subuid or /etc/subgid. Skips malformed lines,
/// as newuidmap(1) does.
IdRange parse_subordinate_ids(std::string_view text, std::string_view user, std::uint32_t uid);

/// Returns what is mounted at and below /sys/fs/cgroup according to the text of /proc/self/mountinfo.
CgroupLayout parse_cgroup_layout(std::string_view mountinfo);

/// The content of the files that list a kernel's modules; nothing where the host has no such file.
struct ModuleSources {
  std::optional<std::string> loaded;      ///< /proc/modules
  std::optional<std::string> built_in;    ///< /lib/modules/RELEASE/modules.builtin
  std::optional<std::string> loadable;    ///< /lib/modules/RELEASE/modules.dep
  std::optional<std::string> config;      ///< /proc/config.gz unpacked, or /boot/config-RELEASE
  std::optional<std::string> filesystems; ///< /proc/filesystems
};

/// Returns the states of the modules that the checks ask for, by name.
std::map<std::string, ModuleState> module_states(const ModuleSources& sources);

/// Returns why `text` is not a seccomp profile that a box could start from, or empty.
std::string seccomp_profile_problem(std::string_view text);

/// Returns the total size of the images that no container uses in `images`, printed by `podman image ls --format json`;
/// 0 for any other input.
std::uint64_t idle_image_bytes(std::string_view images);

/// Returns the word after "version": "1.8.1" from "crun version 1.8.1\ncommit: …"; empty if there is none.
std::string version_word(std::string_view text);

} // namespace agentbox::doctor
