// SPDX-License-Identifier: Apache-2.0
#include "guard/nested_names.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <unordered_set>

#include "executes/matcher.hpp"
#include "git/layout.hpp"
#include "guard/git_directories.hpp"
#include "guard/link_target.hpp"
#include "policy/path_rules.hpp"
#include "support/error.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::guard {
namespace fs = std::filesystem;
namespace {

/// The paths to protect, and the directories on the way from the first part of a name to its last.
struct Nested {
  std::set<std::string> paths;
  std::set<std::string> pins;
};

/// Adds `name` in the directory of `path`, its first part.
void add_name(const Walk& walk, const std::string& path, std::string_view name, Nested& nested) {
  const fs::path whole = fs::path(path).parent_path() / name;
  const Followed followed = follow(walk, whole.string(), true);
  if (!followed.path) {
    return; // it does not exist, or leads out of the project
  }
  nested.paths.insert(*followed.path);
  if (followed.links.empty()) {
    for (fs::path pin = whole.parent_path(); pin.native().size() >= path.size(); pin = pin.parent_path()) {
      nested.pins.insert(pin.string());
    }
  }
}

/// Adds the records of worktrees in `path`, the .git of a repository below the top directory.
void add_worktrees(const Walk& walk, const std::string& path, const GuardLists& lists, Nested& nested) {
  const std::string parent = git::join(path, git::k_worktrees);
  if (!walk.is_directory(path) || !walk.is_directory(parent)) {
    return;
  }
  const GitDirectories directories = find_git_directories(walk, path, lists.box);
  for (const auto* paths : {&directories.records, &directories.links}) {
    nested.paths.insert(paths->begin(), paths->end());
  }
  nested.paths.insert(directories.too_many.begin(), directories.too_many.end());
  nested.pins.insert({path, parent});
}

[[noreturn]] void refuse_too_many(const Walk& walk, const Nested& nested) {
  std::map<std::string, std::size_t> tops;
  for (const std::string& path : nested.paths) {
    ++tops[path.substr(0, path.find('/'))];
  }
  const auto most =
      std::max_element(tops.begin(), tops.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  throw support::Error(
      support::ExitCode::refused,
      fmt::format(
          "{} has too many files that host programs run, below its top directory, to protect each of them: {} and "
          "others, {} of them in {}",
          support::escape_untrusted(walk.root().string(), 1000), support::escape_untrusted(*nested.paths.begin(), 100),
          most->second, support::escape_untrusted(most->first, 100)),
      "leave those in a directory writable in your own configuration: [protect] except = [" +
          support::in_quotes(most->first, 100) + "]; what a box changes there is reported when it ends");
}

} // namespace

NestedNames::NestedNames(const std::vector<std::string>& protect) {
  const std::unordered_set<std::string_view> wanted(protect.begin(), protect.end());
  for (const std::string& name : policy::default_protected_paths()) {
    if (wanted.contains(name)) {
      const std::string_view first = std::string_view(name).substr(0, name.find('/'));
      m_names[first].push_back(name);
      m_lengths.at(static_cast<unsigned char>(first.front())) |= std::uint64_t{1} << length_bit(first);
    }
  }
}

void protect_nested(const Walk& walk, const std::vector<std::string>& paths, const GuardLists& lists,
                    Guarded& guarded) {
  const NestedNames names(lists.protect);
  Nested nested;
  const auto is_excepted = [&](const fs::path& path) {
    const auto except = std::find_if(lists.except.begin(), lists.except.end(),
                                     [&](const std::string& one) { return policy::contains_path(one, path.native()); });
    if (except != lists.except.end()) {
      std::erase(guarded.references.unused_exceptions, *except);
    }
    return except != lists.except.end();
  };
  for (const std::string& path : paths) {
    const fs::path directory = fs::path(path).parent_path();
    if (is_excepted(path) || executes::in_packages(directory.native())) {
      continue;
    }
    const std::string name = fs::path(path).filename().string();
    if (name == git::k_git && support::contains(lists.protect, git::k_own_config)) {
      if (auto file = follow(walk, path).path) {
        nested.paths.insert(*std::move(file)); // its content chooses the repository
      }
    }
    if (name == git::k_git && support::contains(lists.protect, git::k_own_commondir)) {
      add_worktrees(walk, path, lists, nested);
    }
    for (const std::string_view one : names.with_first(name)) {
      if (!is_excepted(directory / one)) {
        add_name(walk, path, one, nested);
      }
    }
  }
  const auto is_guarded = [&](const std::string& path) {
    return std::any_of(guarded.read_only.begin(), guarded.read_only.end(),
                       [&](const std::string& one) { return policy::contains_path(one, path); }) ||
           std::any_of(guarded.masked.begin(), guarded.masked.end(),
                       [&](const std::string& one) { return policy::contains_path(one, path); });
  };
  std::erase_if(nested.paths, is_guarded);
  std::erase_if(nested.pins, is_guarded);
  if (nested.paths.size() + nested.pins.size() > k_max_nested_mounts ||
      policy::ancestors_of({nested.paths.begin(), nested.paths.end()}).size() > k_max_directories_above) {
    refuse_too_many(walk, nested);
  }
  guarded.read_only_by_name.assign(nested.paths.begin(), nested.paths.end());
  guarded.pins.assign(nested.pins.begin(), nested.pins.end());
  guarded.read_only.insert(guarded.read_only.end(), nested.paths.begin(), nested.paths.end());
  support::sort_unique(guarded.read_only);
}

} // namespace agentbox::guard
