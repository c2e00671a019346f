// SPDX-License-Identifier: Apache-2.0
#include "session/git_leads.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

#include "git/obeyed.hpp"
#include "git/settings.hpp"
#include "session/git_folders.hpp"

namespace agentbox::session {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t k_most_bytes = 1U << 20U;

/// `value` below the root, where it is relative to `base`; nothing when it leads elsewhere, or is the root.
std::optional<std::string> below(const fs::path& root, const std::string& base, const std::string& value) {
  if (value.empty() || value.front() == '~' || value.front() == '%' || value.find('\0') != std::string::npos) {
    return std::nullopt;
  }
  const bool absolute = value.front() == '/';
  const fs::path whole(value);
  const fs::path path =
      absolute ? whole.lexically_normal().lexically_relative(root) : (base / whole).lexically_normal();
  std::string text = path.string();
  if (text.ends_with('/')) {
    text.pop_back();
  }
  return text.empty() || text == "." || *path.begin() == ".." ? std::nullopt : std::optional(text);
}

} // namespace

std::vector<std::string> led_to(const Walk& walk, const std::string& git) {
  std::set<std::string> found;
  std::vector<std::string> files = {git_path(git, "config"), git_path(git, "config.worktree")};
  for (std::size_t next = 0; next < files.size(); ++next) {
    const std::string file = files[next];
    const std::string folder = fs::path(file).parent_path().string();
    const std::string config = walk.read(file, k_most_bytes).value_or("");
    git::read_settings(config, [&](const git::Setting& setting) {
      const git::Effect effect = git::effect_of(setting);
      const bool includes = effect == git::Effect::includes;
      if (found.size() == k_most_leads || (!includes && effect != git::Effect::hooks)) {
        return;
      }
      // Hooks run at the top of the working tree, or in a bare repository.
      const auto path = below(walk.root(), includes ? folder : std::string(), std::string(setting.value));
      if (path && found.insert(*path).second && includes) {
        files.push_back(*path);
      }
    });
  }
  return {found.begin(), found.end()};
}

} // namespace agentbox::session
