// SPDX-License-Identifier: Apache-2.0
// The only part of agentbox that calls libselinux.
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>

#include "selinux/context.hpp"
#include "selinux/file_labels.hpp"

namespace agentbox::selinux {

/// Mode of SELinux on the host.
enum class Mode { disabled, permissive, enforcing };

/// Returns the kernel's mode.
Mode host_mode();

/// SELinux on this host.
struct HostSelinux {
  bool enforcing = false;
  bool levels = false; ///< the policy has levels (MCS, MLS)
  ContainerContexts contexts;

  bool operator==(const HostSelinux&) const = default;
};

/// Returns the mode and container contexts of this host; nothing where SELinux is disabled. Throws Error(refused) when
/// the loaded policy has no contexts for containers.
std::optional<HostSelinux> host_selinux();

/// Returns the labels of real files.
std::unique_ptr<FileLabels> host_file_labels();

/// The kind of access to a file.
enum class Access { read, write };

/// Returns whether the kernel's policy lets a process with context `subject` use a file or directory with context
/// `object`. False for invalid contexts. True in a permissive domain.
bool is_allowed(const Context& subject, const std::string& object, bool directory, Access access);

/// Returns the context of `path`, following links; empty when it cannot be read.
std::string context_of(const std::filesystem::path& path);

/// Returns the context of process `pid`; empty when it cannot be read.
std::string context_of(pid_t pid);

/// Returns the name of the loaded policy: "targeted", "default"; empty when it is unknown.
std::string policy_name();

/// Returns whether boolean `name` is on; nothing when the policy does not have it.
std::optional<bool> boolean(const char* name);

} // namespace agentbox::selinux
