// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <sys/types.h>

namespace agentbox::config {

/// The folder a box works in, checked. Whoever mounts it compares device and inode: the folder must still be the one
/// that was checked.
struct WorkspaceChoice {
  std::filesystem::path path;  ///< canonical
  std::filesystem::path given; ///< as it was asked for, made absolute
  dev_t device = 0;
  ino_t inode = 0;

  /// Whether a symbolic link stood somewhere in what was asked for; the user is then shown where it led.
  bool was_link() const { return given != path; }
};

/// Checks that `asked` can be the project of a box. Refused: what is missing or no folder (Error(usage)); "/", the home
/// folder and what contains it, system folders, folders of other users, and folders that contain agentbox's own
/// configuration or state, or lie in it (Error(refused)); a name that is not UTF-8 (Error(refused)).
WorkspaceChoice choose_workspace(const std::filesystem::path& asked, const std::filesystem::path& home);

/// A box's name made from the workspace's: "my-project-1f3a". The same folder always gives the same name.
std::string default_box_name(const std::filesystem::path& workspace);

} // namespace agentbox::config
