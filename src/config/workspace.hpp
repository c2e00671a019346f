// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <sys/types.h>

namespace agentbox::config {

/// A checked workspace. The code that mounts it compares device and inode with these.
struct WorkspaceChoice {
  std::filesystem::path path; ///< canonical
  dev_t device = 0;
  ino_t inode = 0;
};

/// Checks that directory `asked` can be the project of a box. Throws Error(usage) if it is missing or not a directory,
/// and Error(refused) for "/", the home directory and its parents, system directories, those of other users, those
/// with credentials (.ssh, password stores, browsers' profiles), Podman's storage, those that contain agentbox's own
/// configuration or state or are inside it, and names that are not UTF-8.
WorkspaceChoice choose_workspace(const std::filesystem::path& asked, const std::filesystem::path& home);

/// Returns why agentbox does not label canonical path `path` for SELinux, even if asked to, or empty. Reasons: it could
/// not be a workspace, belongs to another user, or contains credentials.
std::string label_problem(const std::filesystem::path& path, const std::filesystem::path& home);

/// Throws Error(refused) when canonical directory `workspace` belongs to programs, which run or trust what is in it:
/// below a directory of the home directory with a leading dot (~/.claude, ~/.config), in an XDG directory or in PATH,
/// and not itself a Git working tree; or when it contains directories with credentials. --any-workspace accepts
/// those.
void require_project(const std::filesystem::path& workspace, const std::filesystem::path& home);

/// Returns the default name of the box of a workspace: "my-project-1f3a". It depends only on the path.
std::string default_box_name(const std::filesystem::path& workspace);

} // namespace agentbox::config
