// SPDX-License-Identifier: Apache-2.0
#include "guard/guard_by_name.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "git/layout.hpp"
#include "guard/git_directories.hpp"
#include "guard/hard_links.hpp"
#include "guard/link_target.hpp"
#include "guard/nested_names.hpp"
#include "policy/hidden_names.hpp"
#include "policy/path_rules.hpp"
#include "policy/url_credentials.hpp"
#include "support/command.hpp"
#include "support/error.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::guard {
namespace {

std::string_view name_of(std::string_view path) {
  return path.substr(path.find_last_of('/') + 1);
}

/// Returns up to four of `paths`, for a message.
std::string some_names(const std::vector<std::string>& paths) {
  constexpr std::size_t k_named = 4;
  std::vector<std::string> named;
  for (std::size_t i = 0; i < std::min(k_named, paths.size()); ++i) {
    named.push_back(support::escape_untrusted(paths[i], 80));
  }
  const std::size_t more = paths.size() - named.size();
  return support::join(named, ", ") + (more > 0 ? fmt::format(", {} more", more) : "");
}

/// Returns the file that programs open at `path`, which may be a link, when it holds credentials.
std::optional<std::string> secret_at(const Walk& walk, const std::string& path, const GuardLists& lists) {
  const std::string_view name = name_of(path);
  if (policy::is_shown(path, lists.shown)) {
    return std::nullopt;
  }
  auto file = follow(walk, path).path;
  if (!file || policy::is_hidden_name(name)) {
    return file;
  }
  const auto text = walk.read(*file, policy::k_max_token_file);
  return !text || policy::holds_token(name, *text) ? file : std::nullopt;
}

/// Adds those of `paths` that are not masked yet, and returns them.
std::vector<std::string> add_masks(std::vector<std::string> paths, Guarded& guarded) {
  support::sort_unique(paths);
  std::erase_if(paths, [&](const std::string& path) {
    return std::any_of(guarded.masked.begin(), guarded.masked.end(),
                       [&](const std::string& one) { return policy::contains_path(one, path); });
  });
  guarded.masked.insert(guarded.masked.end(), paths.begin(), paths.end());
  guarded.masked_by_name.insert(guarded.masked_by_name.end(), paths.begin(), paths.end());
  return paths;
}

/// Returns the configuration files of the repository at the top of a tree and of those in `known`, with links resolved.
std::vector<std::string> git_settings_in(const Walk& walk, const std::vector<std::string>& known) {
  std::vector<std::string> repositories = {git::k_git};
  std::copy_if(known.begin(), known.end(), std::back_inserter(repositories),
               [](const std::string& path) { return name_of(path) == git::k_git; });
  std::vector<std::string> found;
  for (const std::string& repository : repositories) {
    for (const char* file : {git::k_config, git::k_worktree_config}) {
      if (auto path = follow(walk, git::join(repository, file)).path) {
        found.push_back(*std::move(path));
      }
    }
  }
  support::sort_unique(found);
  return found;
}

void clean_git_settings(const Walk& walk, const std::vector<std::string>& known, const GuardLists& lists,
                        Guarded& guarded) {
  std::vector<std::string> paths;
  const std::vector<std::string> candidates = lists.read_only ? git_settings_in(walk, known) : guarded.read_only;
  for (const std::string& path : candidates) {
    if ((name_of(path) != git::k_config && name_of(path) != git::k_worktree_config) ||
        policy::is_shown(path, lists.shown)) {
      continue;
    }
    if (auto text = policy::without_credentials(read_settings_file(walk, path))) {
      guarded.cleaned.emplace(path, *std::move(text));
      paths.push_back(path);
    }
  }
  if (lists.read_only) {
    guarded.read_only = guarded.read_only_by_name = paths;
  }
  if (!paths.empty()) {
    guarded.notices.push_back(fmt::format("credentials in {} are hidden from the box (use a credential helper instead; "
                                          "to show them: [mask] except)",
                                          some_names(paths)));
  }
}

/// Refuses what was not searched: the box would see the credentials there, and reach the sockets.
void require_searched(const Walk& walk, const TreeNames& names) {
  if (!names.closed.empty()) {
    const std::string path = (walk.root() / names.closed.front()).string();
    throw support::Error(support::ExitCode::refused,
                         "cannot search " + support::escape_untrusted(path, 1000) +
                             " for credentials, and the box could change its mode",
                         "chmod u+rx " + support::shell_quote({path}) +
                             ", or mask it in your own configuration: [mask] paths");
  }
  if (!names.complete) {
    throw support::Error(
        support::ExitCode::refused,
        fmt::format(
            "{} is too large to be searched for credentials and sockets: the limit is {} directories with {} names",
            support::escape_untrusted(walk.root().string(), 1000), TreeLimits{}.directories, TreeLimits{}.entries),
        "start in one of its subdirectories; or hide data from the box in your own configuration, [mask] paths; or "
        "accept that "
        "nothing below a directory is masked or protected: name it in [mask] except and in [protect] except");
  }
}

} // namespace

TreeFilter filter_of(const GuardLists& lists) {
  return {[](std::string_view name) { return policy::is_hidden_name(name) || policy::may_hold_token(name); },
          [nested = NestedNames(lists.protect)](std::string_view name) { return nested.starts(name); },
          [&lists](const std::string& path) {
            return support::contains(lists.mask, path) ||
                   (support::contains(lists.except, path) && support::contains(lists.shown, path));
          },
          lists.changed_since};
}

void guard_by_name(const Walk& walk, const GuardLists& lists, const std::vector<std::string>& repositories,
                   TreeNames names, Guarded& guarded) {
  require_searched(walk, names);
  std::vector<std::string> secrets;
  for (const std::string& path : names.secrets) {
    if (auto file = secret_at(walk, path, lists)) {
      secrets.push_back(*std::move(file));
    }
  }
  secrets = add_masks(std::move(secrets), guarded);
  std::erase_if(names.channels, [&](const std::string& path) { return policy::is_shown(path, lists.shown); });
  const std::vector<std::string> channels = add_masks(std::move(names.channels), guarded);
  if (guarded.masked_by_name.size() > k_max_by_name) {
    throw support::Error(support::ExitCode::refused,
                         fmt::format("{} contains {} credential files, sockets and FIFOs, more than {}: {}",
                                     support::escape_untrusted(walk.root().string(), 1000),
                                     guarded.masked_by_name.size(), k_max_by_name, some_names(guarded.masked_by_name)),
                         "mask the directories that contain them in your own configuration: [mask] paths");
  }
  support::sort_unique(guarded.masked);
  support::sort_unique(guarded.masked_by_name);
  if (!lists.read_only) {
    protect_nested(walk, names.known, lists, guarded);
  }
  if (!secrets.empty()) {
    guarded.notices.push_back(
        fmt::format("masked because they may contain credentials: {} (to show one: [mask] except, see "
                    "agentbox-config(5))",
                    some_names(secrets)));
  }
  if (!channels.empty()) {
    guarded.notices.push_back(fmt::format("masked because host processes may be connected to them: {} (to show one: "
                                          "[mask] except)",
                                          some_names(channels)));
  }
  clean_git_settings(walk, names.known, lists, guarded);
  if (!lists.read_only) {
    for (const LinkedStore& store : find_linked_stores(walk, repositories, names.packages)) {
      guarded.notices.push_back(describe(store));
    }
  }
}

} // namespace agentbox::guard
