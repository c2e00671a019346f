// SPDX-License-Identifier: Apache-2.0
#include "review/classify.hpp"

#include <algorithm>
#include <array>
#include <sys/stat.h>

#include "git/layout.hpp"
#include "review/git_settings.hpp"
#include "review/hidden_changes.hpp"
#include "support/text.hpp"

namespace agentbox::review {
namespace {

std::string_view name_of(std::string_view path) {
  return path.substr(path.find_last_of('/') + 1); // npos + 1 is 0
}

std::string_view directory_of(std::string_view path) {
  const auto slash = path.find_last_of('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

bool is_executable(unsigned mode) {
  return (mode & 0111U) != 0;
}

/// Judges Git's own files inside a repository, except hooks.
std::optional<ReviewFinding> in_repository(const ChangedFile& entry) {
  const std::string_view name = name_of(entry.path);
  if (S_ISLNK(entry.mode)) { // Git follows it, and its target looks like an ordinary file
    const std::string target = entry.content();
    const bool old_head =
        name == git::k_head && !leads_out(entry.path, target); // a branch, before there were "ref: …" files
    return old_head ? std::nullopt
                    : std::optional(ReviewFinding{FindingKind::git_settings, entry.path, "-> " + target});
  }
  if (name == git::k_config || name == git::k_worktree_config) {
    const std::string text = entry.content();
    const auto keys = commanding_keys(text);
    return text.empty()
               ? std::nullopt
               : std::optional(ReviewFinding{FindingKind::git_settings, entry.path, support::join(keys, ", ")});
  }
  if (name == git::k_commondir && entry.content() != ".\n") { // ".\n" is what guard writes
    return ReviewFinding{FindingKind::git_settings, entry.path, "redirects to another configuration"};
  }
  return std::nullopt;
}

/// Returns whether `git … --continue` runs git-merge-NAME with a slash in the name.
bool runs_own_strategy(const ChangedFile& entry, std::string_view name, std::string_view directory) {
  const bool of_rebase = directory == "rebase-merge" && name == "strategy"; // the name alone
  if (!of_rebase && !(directory == "sequencer" && name == "opts")) {
    return false;
  }
  const std::string content = entry.content();
  const bool own = of_rebase ? content.find('/') != std::string::npos : names_own_strategy(content);
  return own || content.size() == k_max_content;
}

/// Judges what Git reads in a working tree, or in a directory of a repository.
std::optional<ReviewFinding> of_git(const ChangedFile& entry) {
  const std::string_view name = name_of(entry.path);
  const std::string_view directory = directory_of(entry.path);
  if (name == git::k_git && !S_ISDIR(entry.mode)) {
    const std::string content = entry.content();
    return ReviewFinding{FindingKind::git_link, entry.path, "-> " + content.substr(0, content.find('\n'))};
  }
  if (name_of(directory) == git::k_hooks && !name.ends_with(".sample") && !S_ISDIR(entry.mode) &&
      (is_executable(entry.mode) || S_ISLNK(entry.mode)) &&
      (entry.in_hooks || directory.find(".git/") != std::string_view::npos ||
       name_of(directory_of(directory)).ends_with(".git"))) {
    return ReviewFinding{FindingKind::git_hook, entry.path, ""};
  }
  const bool in_worktrees = name_of(directory_of(directory)) == git::k_worktrees;
  if (in_worktrees && name == git::k_commondir && !entry.content().starts_with("../..\n")) {
    return ReviewFinding{FindingKind::git_settings, entry.path, "redirects to another configuration"};
  }
  if (in_worktrees && name == git::k_worktree_config) {
    return ReviewFinding{FindingKind::git_settings, entry.path, support::join(commanding_keys(entry.content()), ", ")};
  }
  if (name == "git-rebase-todo") {
    const std::string content = entry.content();
    if (content.size() == k_max_content || holds_commands(content)) {
      return ReviewFinding{FindingKind::git_settings, entry.path, "git rebase --continue runs commands"};
    }
  }
  if (runs_own_strategy(entry, name, name_of(directory))) {
    return ReviewFinding{FindingKind::git_settings, entry.path,
                         "git --continue runs a merge strategy of the working tree"};
  }
  const bool of_repository = name == git::k_attributes && name_of(directory) == git::k_info;
  if (of_repository && S_ISLNK(entry.mode)) {
    return ReviewFinding{FindingKind::git_attributes, entry.path, "-> " + entry.content()};
  }
  if (S_ISREG(entry.mode) && (name == git::k_gitattributes || of_repository)) {
    const std::string content = entry.content();
    if (content.size() == k_max_content || names_drivers(content)) { // padding must not hide one
      return ReviewFinding{FindingKind::git_attributes, entry.path, "names filters or drivers"};
    }
    if (name == git::k_gitattributes && keeps_out_of_diff(content)) {
      return ReviewFinding{FindingKind::hides_changes, entry.path, "keeps files out of git diff"};
    }
  }
  if (name == git::k_gitmodules) {
    return ReviewFinding{FindingKind::git_attributes, entry.path, ""};
  }
  return std::nullopt;
}

/// Judges what host programs run or follow, by its name.
std::optional<ReviewFinding> by_name(const ChangedFile& entry, const executes::Matcher& known) {
  const executes::Rule* const rule = known.find(entry.path);
  const auto of_repository = [&] { return git::is_in_git(rule->name) && (rule->by == "Git" || rule->by.empty()); };
  if (rule == nullptr || rule->treatment == executes::Treatment::project || of_repository()) {
    return std::nullopt;
  }
  const bool steers = rule->treatment == executes::Treatment::steers;
  return ReviewFinding{steers ? FindingKind::steers : FindingKind::tool_file, entry.path, std::string(rule->by)};
}

} // namespace

bool holds_programs(std::string_view directory) {
  constexpr std::array<std::string_view, 4> k_directories = {"bin", ".bin", "sbin", "Scripts"};
  return std::find(k_directories.begin(), k_directories.end(), name_of(directory)) != k_directories.end();
}

bool is_referenced(std::string_view path, bool is_link, const std::vector<std::string>& referenced,
                   const std::set<std::string>& command_files) {
  const auto lies_in = [](std::string_view inner, std::string_view outer) {
    return inner.starts_with(outer) && (inner.size() == outer.size() || inner[outer.size()] == '/');
  };
  const auto matches = [&](const std::string& one) { return lies_in(path, one) || (is_link && lies_in(one, path)); };
  if (command_files.contains(std::string(path)) || std::any_of(referenced.begin(), referenced.end(), matches)) {
    return true;
  }
  const auto behind = command_files.lower_bound(std::string(path) + "/");
  return is_link && behind != command_files.end() && lies_in(*behind, path);
}

bool leads_out(std::string_view path, std::string_view target) {
  if (target.starts_with('/')) {
    return true;
  }
  auto depth = static_cast<long>(std::count(path.begin(), path.end(), '/'));
  bool named = false;
  while (!target.empty()) {
    const std::string_view part = target.substr(0, target.find('/'));
    target.remove_prefix(std::min(target.size(), part.size() + 1));
    if (part == "..") {
      --depth;
    } else if (!part.empty() && part != ".") {
      named = true;
    }
    if (depth < 0 || (named && part == "..")) {
      return true;
    }
  }
  return false;
}

bool decides(std::string_view directory, const executes::Matcher& known) {
  return name_of(directory) == git::k_git || known.decides(directory);
}

std::optional<ReviewFinding> classify(const ChangedFile& entry, const executes::Matcher& known) {
  if (entry.in_repository) {
    if (auto finding = in_repository(entry)) {
      return finding;
    }
  }
  if (entry.in_records && S_ISLNK(entry.mode)) { // Git appends text that the box chose to the target of a log
    return ReviewFinding{FindingKind::git_settings, entry.path, "-> " + entry.content()};
  }
  if (auto finding = of_git(entry)) {
    return finding;
  }
  if (auto finding = S_ISDIR(entry.mode) ? std::nullopt : by_name(entry, known)) {
    return finding;
  }
  if (entry.referenced && !S_ISDIR(entry.mode)) {
    return ReviewFinding{FindingKind::tool_file, entry.path, "the Git configuration refers to it"};
  }
  if (S_ISLNK(entry.mode) && known.starts_name(entry.path)) {
    return ReviewFinding{FindingKind::tool_file, entry.path, "-> " + entry.content()};
  }
  if (S_ISREG(entry.mode) && (entry.mode & static_cast<unsigned>(S_ISUID | S_ISGID)) != 0) {
    return ReviewFinding{FindingKind::set_id, entry.path, (entry.mode & S_ISUID) != 0 ? "set-user-ID" : "set-group-ID"};
  }
  if (S_ISLNK(entry.mode)) {
    const std::string target = entry.content();
    if (leads_out(entry.path, target)) {
      return ReviewFinding{FindingKind::link_out, entry.path, "-> " + target};
    }
  }
  if ((S_ISREG(entry.mode) ? is_executable(entry.mode) : S_ISLNK(entry.mode)) &&
      holds_programs(directory_of(entry.path))) {
    return ReviewFinding{FindingKind::program, entry.path, ""};
  }
  if (!S_ISREG(entry.mode) && !S_ISDIR(entry.mode) && !S_ISLNK(entry.mode)) {
    return ReviewFinding{FindingKind::special, entry.path,
                         S_ISFIFO(entry.mode)   ? "FIFO"
                         : S_ISSOCK(entry.mode) ? "socket"
                                                : "device"};
  }
  return std::nullopt;
}

} // namespace agentbox::review
