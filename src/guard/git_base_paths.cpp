// SPDX-License-Identifier: Apache-2.0
#include "guard/git_base_paths.hpp"

#include "git/effects.hpp"
#include "git/layout.hpp"
#include "git/settings.hpp"
#include "guard/git_directories.hpp"

namespace agentbox::guard {
namespace fs = std::filesystem;
namespace {

// A path below the root is spelled with the root's own path, so that comparing text suffices later.
void add_tree(const Walk& walk, const std::optional<fs::path>& path, GitPlaces& places) {
  if (path && places.trees.size() <= k_max_worktrees_followed) {
    const auto inside = walk.below(*path);
    places.trees.push_back(inside ? walk.root() / *inside : *path);
  }
}

void add_core_worktree(const Walk& walk, const std::string& file, const fs::path& base, const fs::path& home,
                       GitPlaces& places) {
  const std::string config = read_settings_file(walk, file);
  git::read_settings(config, [&](const git::Setting& setting) {
    if (git::effect_of(setting) == git::Effect::worktree) {
      add_tree(walk, path_of(base, setting.value, home), places);
    }
  });
}

} // namespace

GitPlaces places_of(const Walk& walk, const std::string& directory, bool of_root, const fs::path& home) {
  constexpr std::size_t k_max_gitdir = 8192;
  const fs::path base = walk.root() / directory;
  GitPlaces places;
  places.directories.push_back(base.lexically_normal());
  if (of_root) {
    places.trees.push_back(walk.root());
  }
  for (const char* part : {git::k_config, git::k_worktree_config}) {
    add_core_worktree(walk, git::join(directory, part), base, home, places);
  }
  const std::string parent = git::join(directory, git::k_worktrees);
  for (const std::string& name : walk.names_in(parent, k_max_worktrees_followed)) {
    const std::string own = git::join(parent, name);
    const std::string text = walk.read(git::join(own, git::k_gitdir), k_max_gitdir).value_or("");
    if (const auto git = path_of(walk.root() / own, text.substr(0, text.find_first_of("\r\n")), home)) {
      add_tree(walk, git->parent_path(), places);
    }
  }
  return places;
}

std::optional<fs::path> path_of(const fs::path& base, std::string_view value, const fs::path& home) {
  constexpr std::string_view k_optional = ":(optional)";
  if (value.starts_with(k_optional)) {
    value.remove_prefix(k_optional.size());
  }
  if (value.empty() || value.starts_with("%(prefix)")) {
    return std::nullopt;
  }
  fs::path path(value);
  if (value.front() == '~') {
    const auto slash = value.find('/');
    path = home / (slash == std::string_view::npos ? "" : value.substr(slash + 1));
  }
  const fs::path whole = (base / path).lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

} // namespace agentbox::guard
