// SPDX-License-Identifier: Apache-2.0
#include "guard/git_worktrees.hpp"

#include <optional>
#include <sys/stat.h>

#include "git/layout.hpp"
#include "policy/path_rules.hpp"
#include "support/command.hpp"
#include "support/text.hpp"

namespace agentbox::guard {
namespace fs = std::filesystem;
namespace {

/// Returns `path` with the directory `from` at its start replaced by `to`; nothing if it is not below `from`.
std::optional<fs::path> moved(const fs::path& path, const fs::path& from, const fs::path& to) {
  if (!policy::contains_path(from.native(), path.native())) {
    return std::nullopt;
  }
  return (to / path.lexically_relative(from)).lexically_normal();
}

/// Returns the path on the host of `path` in the box; nothing when nothing exists there.
std::optional<fs::path> on_host(const fs::path& path, const BoxView& box) {
  for (const BoxView::Directory& one : box.directories) {
    struct stat info {};
    auto source = moved(path, one.destination, one.source);
    if (source && lstat(source->c_str(), &info) == 0) {
      return source;
    }
  }
  return std::nullopt;
}

/// Returns what the gitdir file of `record` names, as written; empty when it cannot be read.
fs::path gitdir_of_record(const Walk& walk, const std::string& record) {
  constexpr std::size_t k_max_gitdir = 8192;
  const std::string text = walk.read(git::join(record, git::k_gitdir), k_max_gitdir).value_or("");
  return text.substr(0, text.find_first_of("\r\n"));
}

} // namespace

BoxView view_of(const policy::PolicyFields& fields) {
  BoxView view{fields.workspace.source, {{fields.workspace.source, fields.workspace.destination}}};
  for (const policy::Mount& mount : fields.mounts) {
    view.directories.push_back({mount.source, mount.destination});
  }
  return view;
}

WorktreeUse use_of_worktree(const Walk& walk, const std::string& record, const BoxView& box) {
  const fs::path gitdir = gitdir_of_record(walk, record);
  if (gitdir.empty()) {
    return WorktreeUse::none;
  }
  const fs::path host = walk.root() / record; // an absolute gitdir replaces it
  for (const BoxView::Directory& one : box.directories) {
    const auto inside = moved(host, one.source, one.destination);
    if (inside && on_host((*inside / gitdir).lexically_normal(), box)) {
      return WorktreeUse::found;
    }
  }
  const bool of_workspace = (host / gitdir).lexically_normal() == box.workspace / git::k_git;
  return of_workspace ? WorktreeUse::workspace : WorktreeUse::none;
}

std::optional<std::string> describe_made_worktrees(const policy::PolicyFields& fields, std::int64_t since) {
  constexpr std::size_t k_max = 1024;
  const Walk walk(fields.workspace.source);
  const BoxView box = view_of(fields);
  const std::string parent = git::join(git::k_git, git::k_worktrees);
  std::vector<std::string> repair = {"git", "worktree", "repair"};
  for (const std::string& name : walk.names_in(parent, k_max)) {
    const std::string record = git::join(parent, name);
    struct stat info {};
    const fs::path gitdir = gitdir_of_record(walk, record);
    const auto host = gitdir.is_absolute() ? on_host(gitdir, box) : std::nullopt;
    if (host && *host != gitdir && lstat((walk.root() / record / git::k_gitdir).c_str(), &info) == 0 &&
        info.st_mtim.tv_sec >= since) {
      repair.push_back(host->parent_path().lexically_proximate(walk.root()).string());
    }
  }
  return repair.size() == 3 ? std::nullopt
                            : std::optional("the box made Git worktrees; before Git on the host can use them, run: " +
                                            support::escape_untrusted(support::shell_quote(repair), 2000));
}

} // namespace agentbox::guard
