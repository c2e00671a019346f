// SPDX-License-Identifier: Apache-2.0
#include "guard/git_users_settings.hpp"

#include <algorithm>
#include <cstdlib>
#include <fnmatch.h>
#include <optional>
#include <string_view>
#include <sys/stat.h>

#include "git/layout.hpp"
#include "guard/git_base_paths.hpp"
#include "guard/git_directories.hpp"
#include "guard/git_outside.hpp"
#include "guard/workspace_walk.hpp"
#include "support/ascii.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::guard {
namespace fs = std::filesystem;
namespace {

constexpr int k_max_include_depth = 10; // MAX_INCLUDE_DEPTH of Git's config.c
constexpr std::size_t k_max_included = 256;

std::string value_of(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? "" : value;
}

/// Returns whether `text` matches `pattern` part by part; "**" is any number of parts (wildmatch with WM_PATHNAME).
bool matches_parts(const std::vector<std::string>& pattern, std::size_t at, const std::vector<std::string>& text,
                   std::size_t from) {
  if (at == pattern.size()) {
    return from == text.size();
  }
  if (pattern[at] == "**") {
    const bool last = at + 1 == pattern.size();
    for (std::size_t next = from + (last ? 1 : 0); next <= text.size(); ++next) {
      if (last || matches_parts(pattern, at + 1, text, next)) {
        return true;
      }
    }
    return false;
  }
  return from < text.size() && fnmatch(pattern[at].c_str(), text[from].c_str(), 0) == 0 &&
         matches_parts(pattern, at + 1, text, from + 1);
}

std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('/', at), text.size());
    if (parts.empty() || parts.back() != "**" || text.substr(at, end - at) != "**") { // two mean the same as one
      parts.emplace_back(text.substr(at, end - at));
    }
    at = end + 1;
  }
  return parts;
}

bool matches_path(std::string pattern, std::string text, bool any_case) {
  constexpr std::size_t k_max_any = 8; // more "**" would take too long to match
  if (pattern.ends_with('/')) {
    pattern += "**";
  }
  if (any_case) {
    pattern = support::lower(pattern);
    text = support::lower(text);
  }
  const auto parts = parts_of(pattern);
  return std::count(parts.begin(), parts.end(), "**") <= static_cast<std::ptrdiff_t>(k_max_any) &&
         matches_parts(parts, 0, parts_of(text), 0);
}

/// Evaluates the condition of an includeIf in `file`.
bool holds(std::string_view condition, const fs::path& file, const fs::path& home, const GitRepository& repository) {
  const auto after = [&](std::string_view key) -> std::optional<std::string> {
    return condition.starts_with(key) ? std::optional<std::string>(condition.substr(key.size())) : std::nullopt;
  };
  for (const bool any_case : {false, true}) {
    auto pattern = after(any_case ? "gitdir/i:" : "gitdir:");
    if (!pattern || repository.directory.empty()) {
      continue;
    }
    if (pattern->starts_with("~/")) {
      pattern = home.string() + pattern->substr(1);
    } else if (pattern->starts_with("./")) {
      pattern = file.parent_path().string() + pattern->substr(1);
    } else if (!pattern->starts_with("/")) {
      pattern = "**/" + *pattern;
    }
    return matches_path(*pattern, repository.directory.string(), any_case);
  }
  if (const auto branch = after("onbranch:")) {
    return !repository.branch.empty() && matches_path(*branch, repository.branch, false);
  }
  if (const auto url = after("hasconfig:remote.*.url:")) {
    bool any = false;
    git::read_settings(repository.settings, [&](const git::Setting& setting) {
      any = any || (setting.section == "remote" && setting.key == "url" &&
                    matches_path(*url, std::string(setting.value), false));
    });
    return any;
  }
  return false;
}

/// Returns repository `directory`, which is `inside` below `walk`. Its configuration is in `settings` below `common`.
GitRepository described(const fs::path& directory, const Walk& walk, const std::string& inside, const Walk& common,
                        const std::string& settings) {
  constexpr std::size_t k_max_head = 4096;
  constexpr std::string_view k_branch = "ref: refs/heads/";
  GitRepository repository;
  repository.directory = directory;
  const std::string head = walk.read(git::join(inside, git::k_head), k_max_head).value_or("");
  if (head.starts_with(k_branch)) {
    repository.branch = head.substr(k_branch.size(), head.find_first_of("\r\n") - k_branch.size());
  }
  repository.settings = read_settings_file(common, git::join(settings, git::k_config));
  return repository;
}

class Reader {
public:
  Reader(const SettingsFiles& where, const GitRepository& repository,
         const std::function<void(const git::Setting&, const fs::path&)>& visit)
      : m_where(where), m_repository(repository), m_visit(visit) {}

  void read(const fs::path& file, int depth) {
    struct stat info {};
    if (depth > k_max_include_depth || stat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
      return;
    }
    require_short(file, static_cast<std::uint64_t>(info.st_size));
    if (++m_files > k_max_included) {
      throw support::Error(support::ExitCode::refused, "your Git configuration includes more than 256 files",
                           "git config --global --list --show-origin shows them");
    }
    std::optional<std::string> text;
    try {
      text = support::read_file_if_exists(file, k_max_settings);
    } catch (const support::Error&) {
      return; // Git cannot read it either
    }
    git::read_settings(text.value_or(""), [&](const git::Setting& setting) {
      if (!setting.exact) {
        return;
      }
      m_visit(setting, file);
      const bool plain = setting.section == "include" && !setting.subsection;
      const bool conditional = setting.section == "includeif" && setting.subsection &&
                               holds(*setting.subsection, file, m_where.home, m_repository);
      if (setting.key == "path" && (plain || conditional)) {
        if (const auto path = path_of(file.parent_path(), setting.value, m_where.home)) {
          read(*path, depth + 1);
        }
      }
    });
  }

private:
  const SettingsFiles& m_where;
  const GitRepository& m_repository;
  const std::function<void(const git::Setting&, const fs::path&)>& m_visit;
  std::size_t m_files = 0;
};

} // namespace

GitRepository repository_of(const fs::path& workspace) {
  const Walk walk(workspace);
  const FileType type = walk.type_of(git::k_git);
  if (const auto inside =
          type == FileType::directory ? std::optional<std::string>(git::k_git) : repository_inside(walk)) {
    return described(workspace / *inside, walk, *inside, walk, *inside);
  }
  const auto outside = type == FileType::none ? repository_around(walk) : repository_outside(walk);
  if (!outside || outside->kind == OutsideRepository::Kind::unproven) {
    return {};
  }
  return described(outside->directory, Walk(outside->directory), "", Walk(outside->repository), "");
}

SettingsFiles standard_settings_files() {
  SettingsFiles where;
  where.home = support::home_directory();
  const std::string xdg = value_of("XDG_CONFIG_HOME");
  where.config = (xdg.starts_with('/') ? fs::path(xdg) : where.home / ".config") / "git";
  const std::string system = value_of("GIT_CONFIG_SYSTEM");
  const std::string no_system = value_of("GIT_CONFIG_NOSYSTEM");
  if (no_system.empty() || no_system == "0" || no_system == "false") {
    where.files.emplace_back(system.empty() ? "/etc/gitconfig" : system);
  }
  if (const char* global = std::getenv("GIT_CONFIG_GLOBAL"); global != nullptr) {
    where.files.emplace_back(global);
  } else {
    where.files.push_back(where.config / "config");
    where.files.push_back(where.home / ".gitconfig");
  }
  return where;
}

void read_users_settings(const SettingsFiles& where, const GitRepository& repository,
                         const std::function<void(const git::Setting&, const fs::path&)>& visit) {
  Reader reader(where, repository, visit);
  for (const fs::path& file : where.files) {
    reader.read(file, 0);
  }
}

} // namespace agentbox::guard
