// SPDX-License-Identifier: Apache-2.0
#include "guard/git_base_paths.hpp"

#include <algorithm>
#include <array>

#include "git/effects.hpp"
#include "git/settings.hpp"
#include "guard/git_directories.hpp"

namespace agentbox::guard {
namespace fs = std::filesystem;
namespace {

/// Where it lies below the root, it is named as the root is, so that text alone tells it.
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
    if (git::effect_of(setting) == git::Effect::lies_at) {
      add_tree(walk, path_of(base, setting.value, home), places);
    }
  });
}

} // namespace

GitPlaces places_of(const Walk& walk, const std::string& folder, bool of_root, const fs::path& home) {
  constexpr std::size_t k_max = 8192;
  const fs::path base = walk.root() / folder;
  GitPlaces places;
  places.folders.push_back(base.lexically_normal());
  if (of_root) {
    places.trees.push_back(walk.root());
  }
  for (const char* part : {"config", "config.worktree"}) {
    add_core_worktree(walk, git_path(folder, part), base, home, places);
  }
  const std::string parent = git_path(folder, "worktrees");
  for (const std::string& name : walk.names_in(parent, k_max_worktrees_followed)) {
    const std::string own = git_path(parent, name);
    const std::string text = walk.read(git_path(own, "gitdir"), k_max).value_or("");
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

bool is_git_data(std::string_view path) {
  constexpr std::array<std::string_view, 7> k_data = {"index",   "index.lock",  "lfs", "logs",
                                                      "objects", "packed-refs", "refs"};
  const std::string_view first = path.substr(0, path.find('/'));
  const auto is_upper = [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; };
  return std::find(k_data.begin(), k_data.end(), first) != k_data.end() ||
         std::all_of(first.begin(), first.end(), is_upper);
}

} // namespace agentbox::guard
