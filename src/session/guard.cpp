// SPDX-License-Identifier: Apache-2.0
#include "session/guard.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/path_rules.hpp"
#include "policy/policy.hpp"
#include "session/git_folders.hpp"
#include "session/git_leads.hpp"
#include "session/workspace_walk.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/text.hpp"

namespace agentbox::session {
namespace fs = std::filesystem;
namespace {

using support::Fd;

constexpr std::string_view k_git = ".git/";
/// What a commondir file says that names the folder it lies in: as if there were none.
constexpr const char* k_own_commondir = ".\n";

bool is_of_git(const std::string& path) {
  return path.starts_with(k_git);
}

/// The parts of repositories that `protect` names: "config", "hooks", …
std::vector<std::string> git_parts(const std::vector<std::string>& protect) {
  std::vector<std::string> parts;
  for (const std::string& path : protect) {
    if (is_of_git(path)) {
      parts.push_back(path.substr(k_git.size()));
    }
  }
  return parts;
}

bool names(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

/// What must be there in repository `folder` for the protection to hold.
std::optional<MissingPath> needed(const Walk& walk, const std::string& folder, const std::string& part) {
  const std::string path = git_path(folder, part);
  if (part == "hooks") {
    return MissingPath{path, true, ""};
  }
  if (part == "config") {
    return MissingPath{path, false, ""};
  }
  if (part == "commondir") {
    return MissingPath{path, false, k_own_commondir};
  }
  if (part == "config.worktree" && uses_worktree_config(walk, folder)) {
    return MissingPath{path, false, ""};
  }
  return std::nullopt;
}

void look_at_repository(const Walk& walk, const std::string& folder, const std::vector<std::string>& parts,
                        Guarded& guarded) {
  for (const std::string& part : parts) {
    const std::string path = git_path(folder, part);
    if (walk.type_of(path) != FileType::none) {
      guarded.read_only.push_back(path);
    } else if (auto missing = needed(walk, folder, part)) {
      guarded.missing.push_back(*std::move(missing));
    }
  }
}

void look_at_repositories(const Walk& walk, const std::string& git, const std::vector<std::string>& parts,
                          Guarded& guarded) {
  const GitFolders folders = find_git_folders(walk, git);
  for (const std::string& repository : folders.repositories) {
    look_at_repository(walk, repository, parts, guarded);
  }
  if (names(parts, "commondir")) {
    guarded.read_only.insert(guarded.read_only.end(), folders.links.begin(), folders.links.end());
  }
  if (names(parts, "config.worktree")) {
    for (const std::string& path : folders.missing_settings) {
      guarded.missing.push_back({path, false, ""});
    }
  }
  guarded.read_only.insert(guarded.read_only.end(), folders.too_many.begin(), folders.too_many.end());
}

/// Git's own, if the policy says anything of it.
void look_at_git(const Walk& walk, const std::vector<std::string>& parts, Guarded& guarded) {
  if (parts.empty()) {
    return;
  }
  if (root_is_repository(walk)) {
    look_at_repositories(walk, "", parts, guarded);
  }
  switch (walk.type_of(".git")) {
  case FileType::none: return;
  case FileType::other: guarded.read_only.emplace_back(".git"); return; // whoever writes it chooses the repository
  case FileType::folder: look_at_repositories(walk, ".git", parts, guarded); return;
  }
}

std::vector<std::string> leads(const Walk& walk, const std::vector<std::string>& protect) {
  std::vector<std::string> paths;
  if (!names(protect, ".git/config")) {
    return paths;
  }
  if (root_is_repository(walk)) {
    paths = led_to(walk, "");
  }
  const std::vector<std::string> more = led_to(walk, ".git");
  paths.insert(paths.end(), more.begin(), more.end());
  return paths;
}

/// `paths` but for what `protect` lacks of the default list: that was taken off.
std::vector<std::string> without_exceptions(std::vector<std::string> paths, const std::vector<std::string>& protect) {
  std::erase_if(paths, [&](const std::string& path) {
    const auto& usual = policy::default_protected_paths();
    return std::any_of(usual.begin(), usual.end(), [&](const std::string& one) {
      return policy::contains_path(one, path) && !names(protect, one);
    });
  });
  return paths;
}

/// What was not followed any more would stay open.
void require_all_followed(const Walk& walk, const std::vector<std::string>& paths) {
  if (paths.size() >= k_most_leads) {
    throw support::Error(support::ExitCode::refused,
                         "the Git configuration of " + support::escape_untrusted(walk.root().string(), 1000) +
                             " names too many files and folders of hooks in the project to protect them",
                         "include fewer files; git config --show-origin --list tells from where");
  }
}

/// Adds what is there of `paths` and neither lies in what is protected already nor holds it.
void look_at_leads(const Walk& walk, const std::vector<std::string>& paths, Guarded& guarded) {
  for (const std::string& path : paths) {
    const bool overlaps = std::any_of(guarded.read_only.begin(), guarded.read_only.end(), [&](const std::string& one) {
      return policy::contains_path(one, path) || policy::contains_path(path, one);
    });
    if (!overlaps && walk.type_of(path) != FileType::none) {
      guarded.read_only.push_back(path);
    }
  }
}

void remove_commondir(const Walk& walk, const std::string& git) {
  for (const std::string& repository : find_git_folders(walk, git).repositories) {
    if (walk.read(git_path(repository, "commondir"), 16) == k_own_commondir) {
      const Fd folder = walk.open_folder(repository);
      unlinkat(folder.get(), "commondir", 0);
    }
  }
}

/// Whether it is there now. Not on a read-only file system or in somebody else's folder: the box cannot make it either.
bool make(const Walk& walk, const MissingPath& missing) {
  const fs::path path(missing.path);
  const Fd folder = walk.open_folder(path.parent_path());
  const std::string name = path.filename().string();
  if (!folder) {
    return false;
  }
  if (missing.folder) {
    if (mkdirat(folder.get(), name.c_str(), 0755) == 0) {
      return true;
    }
  } else if (const Fd file(
                 openat(folder.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
             file) {
    const auto length = static_cast<ssize_t>(missing.content.size());
    if (write(file.get(), missing.content.data(), missing.content.size()) == length) {
      return true;
    }
    const int error = errno;
    unlinkat(folder.get(), name.c_str(), 0); // half a file would be worse than none
    errno = error;
  }
  const int error = errno;
  struct stat info {};
  const bool of_others = error == EACCES && fstat(folder.get(), &info) == 0 && info.st_uid != geteuid();
  if (error != EEXIST && error != EROFS && !of_others) {
    throw support::system_error(support::ExitCode::refused, "cannot make " + (walk.root() / path).string(), error,
                                "the box could make it, and Git on the host would obey it");
  }
  return error == EEXIST;
}

} // namespace

Guarded look_at_guarded(const fs::path& root, const std::vector<std::string>& protect,
                        const std::vector<std::string>& mask) {
  const Walk walk(root);
  Guarded guarded;
  for (const std::string& path : protect) {
    if (!is_of_git(path) && walk.type_of(path) != FileType::none) {
      guarded.read_only.push_back(path);
    }
  }
  look_at_git(walk, git_parts(protect), guarded);
  const std::vector<std::string> led = leads(walk, protect);
  require_all_followed(walk, led);
  look_at_leads(walk, without_exceptions(led, protect), guarded);
  std::sort(guarded.read_only.begin(), guarded.read_only.end());
  guarded.read_only.erase(std::unique(guarded.read_only.begin(), guarded.read_only.end()), guarded.read_only.end());
  for (const std::string& path : mask) {
    if (walk.type_of(path) != FileType::none) {
      guarded.masked.push_back(path);
    }
  }
  return guarded;
}

std::vector<std::string> guarded_leads(const fs::path& root, const std::vector<std::string>& protect) {
  return without_exceptions(leads(Walk(root), protect), protect);
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
    if (root_is_repository(walk)) {
      remove_commondir(walk, "");
    }
    if (walk.type_of(".git") == FileType::folder) {
      remove_commondir(walk, ".git");
    }
  } catch (const support::Error&) {
    return; // it stays, and means nothing
  }
}

std::optional<std::string> repository_elsewhere(const policy::PolicyFields& fields) {
  constexpr std::size_t k_most_bytes = 8192;
  const Walk walk(fields.workspace.source);
  if (walk.type_of(".git") != FileType::other) {
    return std::nullopt;
  }
  return describe_git_file(walk.read(".git", k_most_bytes).value_or(""), fields);
}

} // namespace agentbox::session
