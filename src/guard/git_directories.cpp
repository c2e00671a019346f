// SPDX-License-Identifier: Apache-2.0
#include "guard/git_directories.hpp"

#include <fmt/format.h>

#include "git/effects.hpp"
#include "git/layout.hpp"
#include "git/settings.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::guard {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t k_max_modules = 32;    // each needs five mounts
constexpr std::size_t k_max_followed = 1024; // whose settings are read
constexpr std::size_t k_max_worktrees = 32;
constexpr std::size_t k_max_names = 1024; // of one directory
constexpr int k_max_depth = 8;            // "modules/libs/a/modules/b"

/// Adds the repositories below `directory`, which is .git/modules or below it. Returns false when there are too many.
bool find_modules(const Walk& walk, const std::string& directory, int depth, std::vector<std::string>& found) {
  const std::vector<std::string> names = walk.names_in(directory, k_max_names);
  if (names.size() == k_max_names || depth == k_max_depth) {
    return false;
  }
  for (const std::string& name : names) {
    const std::string path = directory + "/" + name;
    if (walk.type_of(path) != FileType::directory) {
      continue;
    }
    const bool repository = walk.type_of(git::join(path, git::k_head)) != FileType::none;
    if (repository) {
      found.push_back(path);
    }
    // A submodule's own submodules are in its modules directory; a name with slashes is nested directories.
    if (found.size() > k_max_followed ||
        !find_modules(walk, repository ? git::join(path, git::k_modules) : path, depth + 1, found)) {
      return false;
    }
  }
  return true;
}

void find_worktrees(const Walk& walk, const std::string& repository, const BoxView& box, GitDirectories& directories) {
  const std::string parent = git::join(repository, git::k_worktrees);
  const std::vector<std::string> names = walk.names_in(parent, k_max_worktrees + 1);
  if (names.size() > k_max_worktrees) {
    directories.too_many.push_back(parent);
    return;
  }
  const bool own_settings = uses_worktree_config(walk, repository);
  for (const std::string& name : names) {
    if (walk.type_of(git::join(parent, name)) != FileType::directory) {
      continue;
    }
    const std::string record = git::join(parent, name);
    const WorktreeUse use = use_of_worktree(walk, record, box);
    if (use == WorktreeUse::none) {
      directories.records.push_back(record);
      continue;
    }
    for (const char* part : {git::k_commondir, git::k_worktree_config, git::k_gitdir, git::k_locked}) {
      std::string path = git::join(record, part);
      if (walk.type_of(path) != FileType::none) {
        directories.links.push_back(std::move(path));
      } else if (own_settings && std::string_view(part) == git::k_worktree_config) {
        directories.missing_settings.push_back(std::move(path));
      } else if (use == WorktreeUse::workspace && std::string_view(part) == git::k_locked) {
        directories.missing_locks.push_back(std::move(path));
      }
    }
  }
}

} // namespace

bool root_is_repository(const Walk& walk) {
  return walk.is_file(git::k_head) && walk.is_directory(git::k_objects) && walk.is_directory(git::k_refs);
}

GitDirectories find_git_directories(const Walk& walk, const std::string& git, const BoxView& box) {
  GitDirectories directories;
  directories.repositories.push_back(git);
  directories.all_found = find_modules(walk, git::join(git, git::k_modules), 0, directories.modules);
  if (directories.all_found && directories.modules.size() <= k_max_modules) {
    directories.repositories.insert(directories.repositories.end(), directories.modules.begin(),
                                    directories.modules.end());
  } else {
    directories.too_many.push_back(git::join(git, git::k_modules));
  }
  for (const std::string& repository : directories.repositories) {
    find_worktrees(walk, repository, box, directories);
  }
  return directories;
}

std::string read_settings_file(const Walk& walk, const std::string& path) {
  auto text = walk.read(path, k_max_settings);
  if (!text) {
    require_short(walk.root() / path, walk.length_of(path));
  }
  return text ? *std::move(text) : std::string();
}

void require_short(const fs::path& file, std::optional<std::uint64_t> length) {
  if (length > k_max_settings) {
    throw support::Error(
        support::ExitCode::refused,
        fmt::format("{} has {} bytes; agentbox reads at most {} of a Git configuration file, and could not protect "
                    "files that the rest refers to",
                    support::escape_untrusted(file.string(), 1000), *length, k_max_settings),
        "shorten it (git config --list --show-origin)");
  }
}

bool uses_worktree_config(const Walk& walk, const std::string& directory) {
  const std::string path = git::join(directory, git::k_config);
  const std::string config = read_settings_file(walk, path);
  bool uses = config.empty() && walk.length_of(path).value_or(1) > 0 && walk.type_of(path) != FileType::none;
  git::read_settings(config, [&](const git::Setting& setting) {
    const bool says = setting.section == "extensions" && setting.key == "worktreeconfig" && git::is_true(setting);
    uses = uses || says || git::effect_of(setting) == git::Effect::includes; // the included file may set it
  });
  return uses;
}

} // namespace agentbox::guard
