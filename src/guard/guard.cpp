// SPDX-License-Identifier: Apache-2.0
#include "guard/guard.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "git/layout.hpp"
#include "guard/git_directories.hpp"
#include "guard/git_outside.hpp"
#include "guard/git_referenced.hpp"
#include "guard/guard_by_name.hpp"
#include "guard/hard_links.hpp"
#include "guard/letter_case.hpp"
#include "guard/tree_scan.hpp"
#include "guard/workspace_walk.hpp"
#include "policy/path_rules.hpp"
#include "policy/policy.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::guard {
namespace fs = std::filesystem;
namespace {

using support::Fd;

/// The content of a commondir file that names its own directory: the same as no file.
constexpr const char* k_own_commondir = ".\n";
/// The content of a worktree's locked file that we made: `git worktree list --verbose` shows it.
constexpr const char* k_own_lock = "a box of agentbox works in it";

/// Returns the parts of repositories that `protect` names: "config", "hooks", …
std::vector<std::string> git_parts(const std::vector<std::string>& protect) {
  std::vector<std::string> parts;
  for (const std::string& path : protect) {
    if (git::is_in_git(path)) {
      parts.push_back(path.substr(std::string_view(".git/").size()));
    }
  }
  return parts;
}

/// Returns what must be made in repository `directory` when `part` does not exist, for the protection to hold.
std::optional<MissingPath> needed(const Walk& walk, const std::string& directory, const std::string& part) {
  const std::string path = git::join(directory, part);
  if (part == git::k_hooks) {
    return MissingPath{path, true, ""};
  }
  if (part == git::k_config) {
    return MissingPath{path, false, ""};
  }
  if (part == git::k_commondir) {
    return MissingPath{path, false, k_own_commondir};
  }
  if (part == git::k_worktree_config && uses_worktree_config(walk, directory)) {
    return MissingPath{path, false, ""};
  }
  return std::nullopt;
}

void guard_repository(const Walk& walk, const std::string& directory, const std::vector<std::string>& parts,
                      Guarded& guarded) {
  for (const std::string& part : parts) {
    const std::string path = git::join(directory, part);
    if (walk.type_of(path) != FileType::none) {
      guarded.read_only.push_back(path);
    } else if (auto missing = needed(walk, directory, part)) {
      guarded.missing.push_back(*std::move(missing));
    }
  }
}

void guard_repositories(const Walk& walk, const GitDirectories& directories, const std::vector<std::string>& parts,
                        Guarded& guarded) {
  for (const std::string& repository : directories.repositories) {
    guard_repository(walk, repository, parts, guarded);
  }
  if (support::contains(parts, git::k_commondir)) {
    guarded.read_only.insert(guarded.read_only.end(), directories.links.begin(), directories.links.end());
    guarded.read_only.insert(guarded.read_only.end(), directories.records.begin(), directories.records.end());
    for (const std::string& path : directories.missing_locks) {
      guarded.missing.push_back({path, false, k_own_lock});
    }
  }
  if (support::contains(parts, git::k_worktree_config)) {
    for (const std::string& path : directories.missing_settings) {
      guarded.missing.push_back({path, false, ""});
    }
  }
  guarded.read_only.insert(guarded.read_only.end(), directories.too_many.begin(), directories.too_many.end());
}

/// The repositories that Git on the host finds when it runs in the root.
struct Repositories {
  std::vector<GitDirectories> inside;
  std::vector<OutsideRepository> outside;
};

Repositories find_repositories(const Walk& walk, const BoxView& box) {
  Repositories found;
  if (root_is_repository(walk)) {
    found.inside.push_back(find_git_directories(walk, "", box));
  }
  std::optional<OutsideRepository> outside;
  const FileType type = walk.type_of(git::k_git);
  if (type == FileType::directory) {
    found.inside.push_back(find_git_directories(walk, git::k_git, box));
  } else if (type == FileType::other) {
    const auto inside = repository_inside(walk);
    if (inside && walk.type_of(*inside) == FileType::directory) {
      found.inside.push_back(find_git_directories(walk, *inside, box));
    }
    outside = repository_outside(walk);
  } else if (found.inside.empty()) {
    outside = repository_around(walk);
  }
  if (outside) {
    found.outside.push_back(*std::move(outside));
  }
  return found;
}

/// Removes from `paths` what is in a default path that `protect` lacks: the user removed that from the list.
std::vector<std::string> without_exceptions(std::vector<std::string> paths, const std::vector<std::string>& protect) {
  std::erase_if(paths, [&](const std::string& path) {
    const auto& usual = policy::default_protected_paths();
    return std::any_of(usual.begin(), usual.end(), [&](const std::string& one) {
      return policy::contains_path(one, path) && !support::contains(protect, one);
    });
  });
  return paths;
}

/// Guards those of `paths` that exist, are not excepted, and do not overlap with what is guarded already.
void protect_references(const Walk& walk, const std::vector<std::string>& paths, const std::vector<std::string>& except,
                        Guarded& guarded) {
  const auto overlaps = [](const std::vector<std::string>& list, const std::string& path) {
    return std::any_of(list.begin(), list.end(), [&](const std::string& one) { return policy::overlap(one, path); });
  };
  for (const std::string& path : paths) {
    const bool excepted = std::any_of(except.begin(), except.end(),
                                      [&](const std::string& one) { return policy::contains_path(one, path); });
    if (!excepted && !overlaps(guarded.read_only, path) && !overlaps(guarded.masked, path) &&
        walk.type_of(path) != FileType::none) {
      guarded.read_only.push_back(path);
      guarded.references.read_only.push_back(path);
    }
  }
}

/// Refuses rather than leave the rest unprotected.
void require_few_references(const Walk& walk, const std::vector<std::string>& references) {
  if (references.size() > k_max_references) {
    throw support::Error(support::ExitCode::refused,
                         fmt::format("the Git configuration of {} names too many files and hooks directories in the "
                                     "project to protect them all: {}, {} and {} more",
                                     support::escape_untrusted(walk.root().string(), 1000),
                                     support::escape_untrusted(references.front(), 100),
                                     support::escape_untrusted(references.at(1), 100), references.size() - 2),
                         "git config --show-origin --list shows where they are set; [protect] except in your "
                         "configuration excludes paths, and everything below a directory");
  }
}

void guard_references(const Walk& walk, References references, const GuardLists& lists, Guarded& guarded) {
  references.referenced = without_exceptions(std::move(references.referenced), lists.protect);
  references.programs = without_exceptions(std::move(references.programs), lists.protect);
  protect_references(walk, references.referenced, lists.except, guarded);
  protect_references(walk, references.programs, lists.except, guarded);
  require_few_references(walk, guarded.references.read_only);
  std::sort(guarded.references.read_only.begin(), guarded.references.read_only.end());
  const auto references_below = [](const std::vector<std::string>& paths, const std::string& one) {
    return std::any_of(paths.begin(), paths.end(),
                       [&](const std::string& path) { return policy::contains_path(one, path); });
  };
  for (const std::string& one : lists.except) {
    if (!references_below(references.referenced, one) && !references_below(references.programs, one)) {
      guarded.references.unused_exceptions.push_back(one);
    }
  }
  for (std::string& path : without_exceptions(std::move(references.command_files), lists.protect)) {
    guarded.references.command_files.insert(std::move(path));
  }
  guarded.references.command_files.insert(references.programs.begin(), references.programs.end());
  guarded.references.referenced = std::move(references.referenced);
}

/// Removes file `name` of `directory` if it has our content.
void remove_own(const Walk& walk, const std::string& directory, const char* name, std::string_view content) {
  if (walk.read(git::join(directory, name), 64) == content) {
    unlinkat(walk.open_directory(directory).get(), name, 0);
  }
}

/// Returns whether `missing` exists now. It does not on a read-only file system or in a directory of another user,
/// where the box cannot make it either.
bool make(const Walk& walk, const MissingPath& missing) {
  const fs::path path(missing.path);
  const Fd directory = walk.open_directory(path.parent_path());
  const std::string name = path.filename().string();
  if (!directory) {
    return false;
  }
  if (missing.directory) {
    if (mkdirat(directory.get(), name.c_str(), 0755) == 0) {
      return true;
    }
  } else if (const Fd file(
                 openat(directory.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
             file) {
    const auto length = static_cast<ssize_t>(missing.content.size());
    if (write(file.get(), missing.content.data(), missing.content.size()) == length) {
      return true;
    }
    const int error = errno;
    unlinkat(directory.get(), name.c_str(), 0); // a partial file is worse than none
    errno = error;
  }
  const int error = errno;
  struct stat info {};
  const bool of_others = error == EACCES && fstat(directory.get(), &info) == 0 && info.st_uid != geteuid();
  if (error != EEXIST && error != EROFS && !of_others) {
    throw support::system_error(support::ExitCode::refused,
                                "cannot create " + support::in_quotes((walk.root() / path).string(), 4096), error,
                                "the box could create it, and Git on the host would act on it");
  }
  return error == EEXIST;
}

} // namespace

Guarded find_guarded(const fs::path& root, const GuardLists& lists) {
  const std::vector<std::string> protect = lists.read_only ? std::vector<std::string>() : lists.protect;
  const Walk walk(root);
  const std::int64_t began = support::file_time_now();
  std::optional<TreeScan> scan; // other threads read the names meanwhile
  if (lists.by_name) {
    scan.emplace(walk, filter_of(lists));
  }
  Guarded guarded;
  guarded.changes = {lists.changed_since, began, {}, {}};
  for (const std::string& path : lists.mask) {
    if (walk.type_of(path) != FileType::none) {
      guarded.masked.push_back(path);
    }
  }
  for (const std::string& path : protect) {
    if (!git::is_in_git(path) && walk.type_of(path) != FileType::none) {
      guarded.read_only.push_back(path);
    }
  }
  std::vector<std::string> repositories_inside;
  const std::vector<std::string> parts = git_parts(protect);
  if (!parts.empty()) {
    const Repositories repositories = find_repositories(walk, lists.box);
    if (walk.type_of(git::k_git) == FileType::other) {
      guarded.read_only.emplace_back(git::k_git); // its content chooses the repository
    }
    for (const GitDirectories& directories : repositories.inside) {
      guard_repositories(walk, directories, parts, guarded);
      repositories_inside.insert(repositories_inside.end(), directories.repositories.begin(),
                                 directories.repositories.end());
    }
    if (support::contains(protect, git::k_own_config)) {
      guard_references(walk, find_references(walk, repositories.inside, repositories.outside), lists, guarded);
    }
  }
  support::sort_unique(guarded.read_only);
  if (scan) {
    TreeNames names = scan->finish();
    guarded.changes.changed = std::move(names.changed);
    guarded.changes.unread = std::move(names.unread);
    guard_by_name(walk, lists, repositories_inside, std::move(names), guarded);
  }
  require_no_other_names(walk, guarded);
  std::vector<std::string> all = guarded.read_only;
  all.insert(all.end(), guarded.masked.begin(), guarded.masked.end());
  const auto odd = std::find_if_not(all.begin(), all.end(), support::is_utf8);
  if (odd != all.end()) { // the runtime's configuration is JSON
    throw support::Error(support::ExitCode::refused,
                         support::in_quotes((walk.root() / *odd).string(), 4096) +
                             " cannot be protected or masked: its name is not valid UTF-8",
                         "rename it, or a directory above it");
  }
  if (!lists.read_only || !all.empty()) {
    require_case_sensitive(walk, all);
  }
  return guarded;
}

std::vector<std::string> make_missing(const fs::path& root, const std::vector<MissingPath>& missing) {
  std::vector<std::string> there;
  if (missing.empty()) {
    return there;
  }
  const Walk walk(root);
  for (const MissingPath& one : missing) {
    if (make(walk, one)) {
      there.push_back(one.path);
    }
  }
  return there;
}

void remove_made(const fs::path& root) {
  try {
    const Walk walk(root);
    const Repositories repositories = find_repositories(walk, {});
    for (const GitDirectories& directories : repositories.inside) {
      for (const std::string& repository : directories.repositories) {
        remove_own(walk, repository, git::k_commondir, k_own_commondir);
      }
    }
    for (const OutsideRepository& outside : repositories.outside) {
      if (outside.kind == OutsideRepository::Kind::worktree) {
        remove_own(Walk(outside.directory), "", git::k_locked, k_own_lock);
      }
    }
  } catch (const support::Error&) {
    return; // harmless: it means the same as no file
  }
}

std::optional<std::string> repository_elsewhere(const policy::PolicyFields& fields) {
  const Walk walk(fields.workspace.source);
  const auto outside = repository_outside(walk);
  return outside ? describe(*outside, fields) : std::nullopt;
}

} // namespace agentbox::guard
