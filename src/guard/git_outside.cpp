// SPDX-License-Identifier: Apache-2.0
#include "guard/git_outside.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sys/stat.h>

#include "git/effects.hpp"
#include "git/layout.hpp"
#include "git/settings.hpp"
#include "policy/path_rules.hpp"
#include "support/command.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::guard {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t k_max_bytes = 64U << 10U;

std::string first_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r' || text.back() == '/')) {
    text.remove_suffix(1);
  }
  return std::string(text);
}

fs::path joined(const fs::path& directory, const fs::path& path) {
  const fs::path whole = (directory / path).lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

/// Returns the path that file `name` in `directory` contains, absolute and normal.
std::optional<fs::path> path_in(const fs::path& directory, const char* name) {
  try {
    const std::string line = first_line(support::read_file_beneath(directory, name, k_max_bytes).value_or(""));
    return line.empty() ? std::nullopt : std::optional(joined(directory, line));
  } catch (const support::Error&) {
    return std::nullopt; // a link, a directory, too long
  }
}

std::optional<fs::path> core_worktree(const fs::path& directory) {
  std::optional<fs::path> found;
  try {
    const std::string config = support::read_file_beneath(directory, git::k_config, k_max_bytes).value_or("");
    git::read_settings(config, [&](const git::Setting& setting) {
      if (git::effect_of(setting) == git::Effect::worktree && !setting.value.empty()) {
        found = joined(directory, setting.value);
      }
    });
  } catch (const support::Error&) {
    return std::nullopt;
  }
  return found;
}

bool is_git_of_root(const Walk& walk, const std::optional<fs::path>& path) {
  return path && walk.below(*path) == git::k_git;
}

/// Returns what the .git file in `directory` names, absolute and normal.
std::optional<fs::path> git_file_of(const fs::path& directory) {
  try {
    const auto gitdir = gitdir_of(support::read_file_beneath(directory, git::k_git, k_max_bytes).value_or(""));
    return gitdir ? std::optional(joined(directory, *gitdir)) : std::nullopt;
  } catch (const support::Error&) {
    return std::nullopt;
  }
}

/// Returns the project that has the submodule whose repository is PROJECT/.git/modules/NAME.
std::optional<std::string> superproject(const fs::path& gitdir) {
  const std::string text = gitdir.string();
  const auto at = text.find("/.git/modules/");
  return at == std::string::npos || at == 0 ? std::nullopt : std::optional(text.substr(0, at));
}

std::string shown_path(const fs::path& path) {
  return support::escape_untrusted(path.string(), 1000);
}

} // namespace

std::optional<std::string> gitdir_of(std::string_view text) {
  constexpr std::string_view k_key = "gitdir:";
  if (!text.starts_with(k_key)) {
    return std::nullopt;
  }
  text.remove_prefix(k_key.size());
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  const std::string line = first_line(text);
  return line.empty() || line.find('\0') != std::string::npos ? std::nullopt : std::optional(line);
}

std::optional<std::string> repository_inside(const Walk& walk) {
  const auto directory = git_file_of(walk.root());
  return directory ? walk.below(*directory) : std::nullopt;
}

std::optional<OutsideRepository> repository_outside(const Walk& walk) {
  const auto directory = git_file_of(walk.root());
  if (!directory || *directory == walk.root() || walk.below(*directory)) {
    return std::nullopt;
  }
  const auto common = path_in(*directory, git::k_commondir);
  const fs::path parent = directory->parent_path();
  // Checked both ways, and by its path: a commondir file alone could name any directory.
  if (parent.filename() == git::k_worktrees && common == parent.parent_path() &&
      is_git_of_root(walk, path_in(*directory, git::k_gitdir))) {
    return OutsideRepository{OutsideRepository::Kind::worktree, *directory, *common, walk.root()};
  }
  if (const auto tree = core_worktree(*directory); tree && !common && is_git_of_root(walk, *tree / git::k_git)) {
    return OutsideRepository{OutsideRepository::Kind::submodule, *directory, *directory, walk.root()};
  }
  return OutsideRepository{OutsideRepository::Kind::unproven, *directory, common.value_or(*directory), walk.root()};
}

std::optional<OutsideRepository> repository_around(const Walk& walk) {
  for (fs::path above = walk.root().parent_path();; above = above.parent_path()) {
    struct stat info {};
    if (lstat((above / git::k_git).c_str(), &info) == 0) {
      // The box cannot write there, so a .git file is trusted.
      const auto gitdir = S_ISDIR(info.st_mode) ? std::optional(above / git::k_git) : git_file_of(above);
      return gitdir ? std::optional(OutsideRepository{OutsideRepository::Kind::around, *gitdir,
                                                      path_in(*gitdir, git::k_commondir).value_or(*gitdir), above})
                    : std::nullopt;
    }
    if (above == above.root_path()) {
      return std::nullopt;
    }
  }
}

std::optional<std::string> describe(const OutsideRepository& elsewhere, const policy::PolicyFields& fields) {
  const auto& [kind, directory, repository, tree] = elsewhere;
  const auto holds = [&, &directory = directory](const policy::Mount& mount) {
    return policy::contains_path(mount.source.native(), directory.native());
  };
  if (std::any_of(fields.mounts.begin(), fields.mounts.end(), holds)) {
    return std::nullopt;
  }
  if (kind == OutsideRepository::Kind::unproven) {
    return fmt::format("the .git file of this directory points to repository {}, which does not point back: the file "
                       "may be forged. Git will not work in the box; check both files first",
                       shown_path(directory));
  }
  const auto project = kind == OutsideRepository::Kind::submodule ? superproject(directory) : std::nullopt;
  if (project) {
    return fmt::format(
        "this directory is a Git submodule whose repository {} is not in the box. To use Git there, start "
        "agentbox in {}",
        shown_path(directory), shown_path(*project));
  }
  // Git needs the whole repository, at the path in the .git file.
  const std::string mount = repository.string() + ":" + repository.string();
  return fmt::format("this directory is a Git {} whose repository {} is not in the box. To use Git there: --mount {}",
                     kind == OutsideRepository::Kind::worktree ? "worktree" : "submodule", shown_path(repository),
                     support::escape_untrusted(support::shell_quote({mount}), 2000));
}

} // namespace agentbox::guard
