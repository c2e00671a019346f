// SPDX-License-Identifier: Apache-2.0
#include "guard/git_referenced.hpp"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <set>
#include <sys/stat.h>
#include <tuple>
#include <utility>

#include "git/effects.hpp"
#include "git/layout.hpp"
#include "git/settings.hpp"
#include "git/shell_words.hpp"
#include "guard/git_base_paths.hpp"
#include "guard/link_target.hpp"
#include "guard/path_patterns.hpp"
#include "policy/path_rules.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::guard {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t k_max_files = 2048;    // configuration files
constexpr std::size_t k_max_lookups = 65536; // each is a system call
constexpr std::size_t k_max_words = 16384;   // of one value

[[noreturn]] void refuse_too_many(const Walk& walk, const char* what) {
  throw support::Error(support::ExitCode::refused,
                       "the Git configuration of " + support::escape_untrusted(walk.root().string(), 1000) +
                           " references too many " + what + " to protect",
                       "git config --show-origin --list shows where they are set");
}

/// A configuration file to be read.
struct Source {
  fs::path file;         ///< absolute and normal
  std::size_t place = 0; ///< index of what its paths are relative to
  bool links = false;    ///< outside the workspace, may be a link
  bool operator<(const Source& other) const {
    return std::tie(file, place, links) < std::tie(other.file, other.place, other.links);
  }
};

class ReferenceFinder {
public:
  explicit ReferenceFinder(const Walk& walk) : m_walk(walk), m_home(support::home_directory()) {}

  void add_repository(const std::string& directory, bool of_root) {
    const std::size_t at = m_places.size();
    m_places.push_back(places_of(m_walk, directory, of_root, m_home));
    if (m_places.back().trees.size() > k_max_worktrees_followed) {
      refuse_too_many(m_walk, "working trees");
    }
    add_source({m_walk.root() / git::join(directory, git::k_config), at});
    add_source({m_walk.root() / git::join(directory, git::k_worktree_config), at});
    const std::string parent = git::join(directory, git::k_worktrees);
    for (const std::string& name : m_walk.names_in(parent, k_max_worktrees_followed)) {
      add_source({m_walk.root() / git::join(git::join(parent, name), git::k_worktree_config), at});
    }
  }

  void add_elsewhere(const OutsideRepository& elsewhere) {
    for (const fs::path& directory : {elsewhere.repository, elsewhere.directory}) {
      add_source({directory / git::k_config, m_places.size()});
      add_source({directory / git::k_worktree_config, m_places.size()});
    }
    m_places.push_back({{elsewhere.tree}, {}});
  }

  /// Adds the user's and the system's settings, which apply to every repository.
  void add_users_own() {
    GitPlaces all{{m_walk.root()}, {}};
    for (const GitPlaces& place : m_places) {
      all.trees.insert(all.trees.end(), place.trees.begin(), place.trees.end());
    }
    support::sort_unique(all.trees);
    const char* xdg = std::getenv("XDG_CONFIG_HOME");
    const fs::path config = xdg != nullptr && *xdg == '/' ? fs::path(xdg) : m_home / ".config";
    for (const fs::path& file : {m_home / ".gitconfig", config / "git/config", fs::path("/etc/gitconfig")}) {
      add_source({file.lexically_normal(), m_places.size(), true});
    }
    m_places.push_back(std::move(all));
  }

  References run() {
    while (!m_sources.empty()) {
      const Source source = m_sources.front();
      m_sources.pop_front();
      git::read_settings(text_of(source), [&](const git::Setting& setting) {
        apply(source, setting, setting.value);
        if (setting.older_value != setting.value) {
          apply(source, setting, setting.older_value);
        }
      });
    }
    const auto list = [](const std::set<std::string>& set) { return std::vector<std::string>(set.begin(), set.end()); };
    return {list(m_referenced), list(m_programs), list(m_command_files)};
  }

private:
  void add_source(Source source) {
    if (m_known.insert(source).second) {
      m_sources.push_back(std::move(source));
    }
    if (m_known.size() > k_max_files) {
      refuse_too_many(m_walk, "files");
    }
  }

  std::string text_of(const Source& source) const {
    if (const auto inside = m_walk.below(source.file)) {
      return read_settings_file(m_walk, *inside);
    }
    struct stat info {};
    if (stat(source.file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
      return {};
    }
    require_short(source.file, static_cast<std::uint64_t>(info.st_size));
    try {
      const auto text =
          source.links ? support::read_file_if_exists(source.file, k_max_settings)
                       : support::read_file_beneath(source.file.parent_path(), source.file.filename(), k_max_settings);
      return text.value_or("");
    } catch (const support::Error&) {
      return {}; // Git cannot read it either
    }
  }

  void apply(const Source& source, const git::Setting& setting, std::string_view value) {
    const GitPlaces& place = m_places[source.place];
    switch (git::effect_of(setting)) {
    case git::Effect::includes:
      if (const auto path = path_of(source.file.parent_path(), value, m_home)) {
        add_referenced(*path);
        add_source({*path, source.place, true});
      }
      return;
    case git::Effect::hooks:
      // A relative hooks path is resolved from the top of the working tree, or from a bare repository.
      for (const fs::path& tree : place.trees.empty() ? place.directories : place.trees) {
        if (const auto path = path_of(tree, value, m_home)) {
          add_referenced(*path);
        }
      }
      return;
    case git::Effect::runs:
    case git::Effect::elsewhere:
    case git::Effect::none: // of another program: git-svn, git-annex, tig, delta
      if (!is_harmless(setting)) {
        add_command(source.place, value);
      }
      if (setting.section == "url" && setting.subsection) { // "ext::./x" instead of another URL
        add_command(source.place, *setting.subsection);
      }
      return;
    case git::Effect::worktree: return;
    }
  }

  /// Returns whether the value is a list or a name that no program runs.
  static bool is_harmless(const git::Setting& setting) {
    const std::string_view section = setting.section;
    return section == "user" || section == "author" || section == "committer" ||
           (section == "branch" && setting.key != "remote") ||
           (section == "blame" && setting.key == "ignorerevsfile") ||
           (section == "commit" && setting.key == "template") || (section == "mailmap" && setting.key == "file") ||
           (section == "remote" && (setting.key == "fetch" || setting.key == "push"));
  }

  void add_referenced(const fs::path& path) {
    if (auto inside = m_walk.below(path)) {
      m_referenced.insert(*std::move(inside));
    }
  }

  void add_command(std::size_t place, std::string_view command) {
    const auto words = git::command_words(command, k_max_words);
    if (words.size() == k_max_words) {
      refuse_too_many(m_walk, "commands");
    }
    for (const std::string& word : words) {
      if (word.front() == '-' || !m_words.emplace(place, word).second) {
        continue; // an option, or looked up already
      }
      for (const auto* bases : {&m_places[place].trees, &m_places[place].directories}) {
        for (const fs::path& base : *bases) {
          add_word(base, word);
        }
      }
      for (const std::string& path : paths_like(m_walk, word)) {
        add_word(m_walk.root(), path);
      }
    }
    add_words_below(words);
  }

  /// Adds each word below the directories that other words name too, as in "cd tools && ./x".
  void add_words_below(const std::vector<std::string>& words) {
    constexpr std::size_t k_max_directories = 8;
    std::size_t directories = 0;
    if (words.empty() || words.front().find("cd ") == std::string::npos) { // the first is the whole line
      return;
    }
    for (const std::string& word : words) {
      const auto inside = below(m_walk.root(), word);
      if (!inside || !is_directory(*inside) || ++directories > k_max_directories) {
        continue;
      }
      for (const std::string& other : words) {
        if (other.front() != '-' && other.front() != '/') {
          add_word(m_walk.root() / *inside, other);
        }
      }
    }
  }

  bool is_directory(const std::string& path) const {
    try {
      return m_walk.type_of(path) == FileType::directory;
    } catch (const support::Error&) {
      return false; // behind a link
    }
  }

  void add_word(const fs::path& base, const std::string& word) {
    if (++m_lookups > k_max_lookups) {
      refuse_too_many(m_walk, "commands");
    }
    const auto inside = below(base, word);
    if (!inside || !m_command_files.insert(*inside).second) {
      return;
    }
    Followed followed = follow(m_walk, *inside);
    m_command_files.insert(followed.links.begin(), followed.links.end());
    if (followed.path && !is_repository_data(*followed.path)) {
      m_programs.insert(*std::move(followed.path));
    }
  }

  std::optional<std::string> below(const fs::path& base, const std::string& word) const {
    const bool plain = word.find_first_of("./~:%") == std::string::npos; // true of most words of a command
    if (plain) {
      return m_walk.below_as_text(base.native() + "/" + word);
    }
    const auto path = path_of(base, word, m_home);
    const bool relative = word.front() != '/' && word.front() != '~';
    return !path ? std::nullopt : relative ? m_walk.below_as_text(*path) : m_walk.below(*path);
  }

  bool is_repository_data(const std::string& path) const {
    const fs::path whole = m_walk.root() / path;
    return std::any_of(m_places.begin(), m_places.end(), [&](const GitPlaces& place) {
      return std::any_of(place.directories.begin(), place.directories.end(), [&](const fs::path& directory) {
        return policy::contains_path(directory.native(), whole.native()) &&
               git::is_data(whole.lexically_relative(directory).native());
      });
    });
  }

  const Walk& m_walk;
  fs::path m_home;
  std::vector<GitPlaces> m_places;
  std::deque<Source> m_sources; ///< to be read
  std::set<Source> m_known;
  std::size_t m_lookups = 0;
  std::set<std::pair<std::size_t, std::string>> m_words; ///< by place, looked up already
  std::set<std::string> m_referenced;
  std::set<std::string> m_programs;
  std::set<std::string> m_command_files;
};

} // namespace

References find_references(const Walk& walk, const std::vector<GitDirectories>& repositories,
                           const std::vector<OutsideRepository>& elsewhere) {
  ReferenceFinder search(walk);
  for (const GitDirectories& directories : repositories) {
    if (!directories.all_found) {
      refuse_too_many(walk, "submodules");
    }
    search.add_repository(directories.repositories.front(), true);
    for (const std::string& module : directories.modules) {
      search.add_repository(module, false);
    }
  }
  for (const OutsideRepository& one : elsewhere) {
    search.add_elsewhere(one);
  }
  if (!repositories.empty() || !elsewhere.empty()) {
    search.add_users_own();
  }
  return search.run();
}

} // namespace agentbox::guard
