// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "doctor/host_report.hpp"

namespace agentbox::doctor {

/// The distribution from the text of os-release(5). The family comes from ID, else from the first known word of
/// ID_LIKE.
Distro parse_os_release(std::string_view text);

/// The ranges of `user` (by name or by number) in the text of /etc/subuid or /etc/subgid. Malformed lines count for
/// nobody, as newuidmap(1) reads it.
IdRange parse_subordinate_ids(std::string_view text, std::string_view user, std::uint32_t uid);

/// What /proc/self/mountinfo says is mounted at and below /sys/fs/cgroup.
CgroupLayout parse_cgroup_layout(std::string_view mountinfo);

/// The sources that tell of a kernel's modules; nothing where the host has no such file.
struct ModuleSources {
  std::optional<std::string> loaded;      ///< /proc/modules
  std::optional<std::string> built_in;    ///< /lib/modules/RELEASE/modules.builtin
  std::optional<std::string> loadable;    ///< /lib/modules/RELEASE/modules.dep
  std::optional<std::string> config;      ///< /proc/config.gz unpacked, or /boot/config-RELEASE
  std::optional<std::string> filesystems; ///< /proc/filesystems
};

/// The modules that the checks ask for, by name.
std::map<std::string, ModuleState> module_states(const ModuleSources& sources);

/// Returns why `text` is not a seccomp profile that a box could start from, or empty.
std::string seccomp_profile_problem(std::string_view text);

/// "1.8.1" from "crun version 1.8.1\ncommit: …" or "podman version 4.3.1": the word after "version". Empty: there is
/// none.
std::string version_word(std::string_view text);

} // namespace agentbox::doctor
