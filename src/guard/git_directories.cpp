// SPDX-License-Identifier: Apache-2.0
#include "guard/git_directories.hpp"

#include <fmt/format.h>

#include "git/effects.hpp"
#include "git/settings.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::guard {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t k_max_modules = 32;    // each is five mounts
constexpr std::size_t k_max_followed = 1024; // what their settings lead to
constexpr std::size_t k_max_worktrees = 32;
constexpr std::size_t k_max_names = 1024; // of one folder
constexpr int k_max = 8;                  // "modules/libs/a/modules/b"

/// Adds the repositories below `folder`, which is .git/modules or inside. False when there are too many to find all.
bool find_modules(const Walk& walk, const std::string& folder, int depth, std::vector<std::string>& found) {
  const std::vector<std::string> names = walk.names_in(folder, k_max_names);
  if (names.size() == k_max_names || depth == k_max) {
    return false;
  }
  for (const std::string& name : names) {
    const std::string path = folder + "/" + name;
    if (walk.type_of(path) != FileType::folder) {
      continue;
    }
    const bool repository = walk.type_of(path + "/HEAD") != FileType::none;
    if (repository) {
      found.push_back(path);
    }
    // A submodule's submodules are in its own modules folder; a name with slashes is folders in folders.
    if (found.size() > k_max_followed || !find_modules(walk, repository ? path + "/modules" : path, depth + 1, found)) {
      return false;
    }
  }
  return true;
}

void find_worktrees(const Walk& walk, const std::string& repository, GitFolders& folders) {
  const std::string parent = git_path(repository, "worktrees");
  const std::vector<std::string> names = walk.names_in(parent, k_max_worktrees + 1);
  if (names.size() > k_max_worktrees) {
    folders.too_many.push_back(parent);
    return;
  }
  const bool own_settings = uses_worktree_config(walk, repository);
  for (const std::string& name : names) {
    if (walk.type_of(git_path(parent, name)) != FileType::folder) {
      continue;
    }
    for (const char* part : {"commondir", "config.worktree", "gitdir"}) {
      std::string path = git_path(git_path(parent, name), part);
      if (walk.type_of(path) != FileType::none) {
        folders.links.push_back(std::move(path));
      } else if (own_settings && std::string_view(part) == "config.worktree") {
        folders.missing_settings.push_back(std::move(path));
      }
    }
  }
}

} // namespace

std::string git_path(const std::string& folder, const std::string& part) {
  return folder.empty() ? part : folder + "/" + part;
}

bool root_is_repository(const Walk& walk) {
  return walk.is_file("HEAD") && walk.is_folder("objects") && walk.is_folder("refs");
}

GitFolders find_git_folders(const Walk& walk, const std::string& git) {
  GitFolders folders;
  folders.repositories.push_back(git);
  folders.all_found = find_modules(walk, git_path(git, "modules"), 0, folders.modules);
  if (folders.all_found && folders.modules.size() <= k_max_modules) {
    folders.repositories.insert(folders.repositories.end(), folders.modules.begin(), folders.modules.end());
  } else {
    folders.too_many.push_back(git_path(git, "modules"));
  }
  for (const std::string& repository : folders.repositories) {
    find_worktrees(walk, repository, folders);
  }
  return folders;
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
        fmt::format("{} has {} bytes: of Git's settings at most {} are read",
                    support::escape_untrusted(file.string(), 1000), *length, k_max_settings),
        "what it leads Git to in the project could not be protected; take out what is not needed, git config --list "
        "--show-origin tells what there is");
  }
}

bool uses_worktree_config(const Walk& walk, const std::string& folder) {
  const std::string path = git_path(folder, "config");
  const std::string config = read_settings_file(walk, path);
  bool uses = config.empty() && walk.length_of(path).value_or(1) > 0 && walk.type_of(path) != FileType::none;
  git::read_settings(config, [&](const git::Setting& setting) {
    const bool says = setting.section == "extensions" && setting.key == "worktreeconfig" && git::is_true(setting);
    uses = uses || says || git::effect_of(setting) == git::Effect::includes; // an included file may say it as well
  });
  return uses;
}

} // namespace agentbox::guard
