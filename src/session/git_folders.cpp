// SPDX-License-Identifier: Apache-2.0
#include "session/git_folders.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

#include "policy/path_rules.hpp"
#include "support/command.hpp"
#include "support/text.hpp"

namespace agentbox::session {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t k_most_modules = 32; // each is five mounts
constexpr std::size_t k_most_worktrees = 32;
constexpr std::size_t k_most_names = 1024; // of one folder
constexpr int k_deepest = 8;               // "modules/libs/a/modules/b"

/// Adds the repositories below `folder`, which is .git/modules or inside. False when there are too many.
bool find_modules(const Walk& walk, const std::string& folder, int depth, std::vector<std::string>& found) {
  const std::vector<std::string> names = walk.names_in(folder, k_most_names);
  if (names.size() == k_most_names || depth == k_deepest) {
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
    if (found.size() > k_most_modules || !find_modules(walk, repository ? path + "/modules" : path, depth + 1, found)) {
      return false;
    }
  }
  return true;
}

void find_worktrees(const Walk& walk, const std::string& repository, GitFolders& folders) {
  const std::string parent = git_path(repository, "worktrees");
  const std::vector<std::string> names = walk.names_in(parent, k_most_worktrees + 1);
  if (names.size() > k_most_worktrees) {
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

/// The folder to start in for a repository .git/modules/NAME at `gitdir`: the project that has the submodule.
std::optional<std::string> superproject(const fs::path& gitdir) {
  const std::string text = gitdir.string();
  const auto at = text.find("/.git/modules/");
  return at == std::string::npos || at == 0 ? std::nullopt : std::optional(text.substr(0, at));
}

std::string shown(const fs::path& path) {
  return support::escape_untrusted(path.string(), 1000);
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
  std::vector<std::string> modules;
  if (find_modules(walk, git_path(git, "modules"), 0, modules)) {
    folders.repositories.insert(folders.repositories.end(), modules.begin(), modules.end());
  } else {
    folders.too_many.push_back(git_path(git, "modules"));
  }
  for (const std::string& repository : folders.repositories) {
    find_worktrees(walk, repository, folders);
  }
  return folders;
}

bool uses_worktree_config(const Walk& walk, const std::string& folder) {
  constexpr std::size_t k_most_bytes = 1U << 20U;
  const std::string path = git_path(folder, "config");
  const auto config = walk.read(path, k_most_bytes);
  if (!config) {
    return walk.type_of(path) != FileType::none; // there, and not to be read: it may say anything
  }
  std::string text = *config;
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  // An included file may say it as well, and is not followed.
  return text.find("worktreeconfig") != std::string::npos || text.find("[include") != std::string::npos;
}

std::optional<std::string> gitdir_of(std::string_view text) {
  constexpr std::string_view k_key = "gitdir:";
  if (!text.starts_with(k_key)) {
    return std::nullopt;
  }
  text.remove_prefix(k_key.size());
  text = text.substr(0, text.find('\n'));
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r' || text.back() == '/')) {
    text.remove_suffix(1);
  }
  return text.empty() ? std::nullopt : std::optional(std::string(text));
}

std::optional<std::string> describe_git_file(std::string_view text, const policy::PolicyFields& fields) {
  const auto gitdir = gitdir_of(text);
  if (!gitdir) {
    return std::nullopt;
  }
  const fs::path& workspace = fields.workspace.source;
  const fs::path path = (workspace / *gitdir).lexically_normal();
  const auto holds = [&](const policy::Mount& mount) {
    return policy::contains_path(mount.source.native(), path.native());
  };
  if (policy::contains_path(workspace.native(), path.native()) ||
      std::any_of(fields.mounts.begin(), fields.mounts.end(), holds)) {
    return std::nullopt;
  }
  if (const auto project = superproject(path)) {
    return fmt::format("this folder is a Git submodule: its repository {} is not in the box. To use Git there, start "
                       "agentbox in {}",
                       shown(path), shown(*project));
  }
  // A worktree's own folder is REPOSITORY/worktrees/NAME; Git needs the whole repository, at the path that it knows.
  const fs::path parent = path.parent_path();
  const fs::path repository = parent.filename() == "worktrees" ? parent.parent_path() : path;
  const std::string mount = repository.string() + ":" + repository.string();
  return fmt::format("this folder is a Git worktree: its repository {} is not in the box. To use Git there: --mount {}",
                     shown(repository), support::escape_untrusted(support::shell_quote({mount}), 2000));
}

} // namespace agentbox::session
