// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "git/settings.hpp"

namespace agentbox::guard {

/// The repository that conditions of [includeIf] in the user's settings refer to.
struct GitRepository {
  std::filesystem::path directory; ///< $GIT_DIR; empty outside a repository
  std::string branch;              ///< without refs/heads/; empty for a detached HEAD
  std::string settings;            ///< the text of its configuration file
};

/// Returns the repository that Git finds in `workspace`: in it, above it, or that of a worktree or submodule. Reads
/// HEAD and the configuration as untrusted files; throws Error(refused) when they are too long or behind a link.
GitRepository repository_of(const std::filesystem::path& workspace);

/// The files of Git's settings outside a repository, in the order in which Git reads them.
struct SettingsFiles {
  std::vector<std::filesystem::path> files;
  std::filesystem::path home;
  std::filesystem::path config; ///< git/ in $XDG_CONFIG_HOME
};

/// Returns the files for this process: GIT_CONFIG_SYSTEM, GIT_CONFIG_GLOBAL, GIT_CONFIG_NOSYSTEM, XDG_CONFIG_HOME and
/// HOME, as described in git-config(1).
SettingsFiles standard_settings_files();

/// Calls `visit` for each setting that applies to `repository`, with the file that has it, later ones last. Follows
/// include.path and includeIf (gitdir, gitdir/i, onbranch, hasconfig:remote.*.url) up to depth 10, as Git does.
/// A file that does not exist or cannot be read has no settings. Throws Error(refused) for a file above k_max_settings
/// and for more than 256 files.
void read_users_settings(const SettingsFiles& where, const GitRepository& repository,
                         const std::function<void(const git::Setting&, const std::filesystem::path&)>& visit);

} // namespace agentbox::guard
