// SPDX-License-Identifier: Apache-2.0
#include "review/hidden_changes.hpp"

#include <algorithm>
#include <array>

#include "git/index.hpp"
#include "git/reftable.hpp"
#include "support/lines.hpp"

namespace agentbox::review {
namespace {

/// Returns whether a line is neither empty nor a comment.
bool has_entries(std::string_view text) {
  const auto lines = support::lines(text);
  return std::any_of(lines.begin(), lines.end(), [](std::string_view line) {
    const auto start = line.find_first_not_of(" \t\r");
    return start != std::string_view::npos && line[start] != '#';
  });
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string key_of(const git::HiddenFile& file) {
  return (file.skip_worktree ? "skip-worktree: " : "assume-unchanged: ") +
         (file.path.empty() ? "an entry of the shared index" : file.path);
}

/// Returns what an index hides, with the other part of a split one.
std::optional<git::HiddenFiles> hidden_in(std::string_view index, const ReadBeside& beside) {
  auto hidden = git::hidden_files(index);
  if (hidden && !hidden->shared.empty()) {
    auto shared = git::hidden_files(beside(hidden->shared));
    if (!shared) {
      return std::nullopt;
    }
    hidden->count += shared->count;
    hidden->files.insert(hidden->files.end(), shared->files.begin(), shared->files.end());
  }
  return hidden;
}

} // namespace

bool keeps_out_of_diff(std::string_view attributes) {
  const auto lines = support::lines(attributes);
  return std::any_of(lines.begin(), lines.end(), [](std::string_view line) {
    const auto words = support::words(line);
    return !words.empty() && !words.front().starts_with('#') &&
           std::find(words.begin(), words.end(), "-diff") != words.end();
  });
}

std::string hides_changes(std::string_view path, const std::function<std::string()>& content) {
  constexpr const char* k_replaced = "replaces objects (git replace)";
  constexpr std::string_view k_replacing = "refs/replace/";
  if (path == "info/exclude") {
    return has_entries(content()) ? "lists files hidden from git status" : "";
  }
  if (path == "info/attributes") {
    const std::string text = content();
    return keeps_out_of_diff(text) || text.find("binary") != std::string::npos ? "keeps files out of git diff" : "";
  }
  if (path == "info/grafts") {
    return has_entries(content()) ? "changes commit parents (grafts)" : "";
  }
  if (path == "shallow") {
    return has_entries(content()) ? "hides the history before some commits" : "";
  }
  if (path == "objects/info/alternates" || path == "objects/info/http-alternates") {
    return "objects of another repository: " + first_line(content());
  }
  if (path == "packed-refs") {
    const std::string text = content();
    return text.find(k_replacing) != std::string::npos || text.size() >= k_max_index ? k_replaced : "";
  }
  if (path.starts_with(k_replacing)) {
    return k_replaced;
  }
  if (path.starts_with("reftable/") && path != "reftable/tables.list" && !path.ends_with(".lock")) {
    const auto replaces = git::has_ref_with(content(), k_replacing);
    return !replaces ? "unknown reftable format" : *replaces ? k_replaced : "";
  }
  if (path.starts_with("remotes/") || path.starts_with("branches/")) {
    return "lists where Git fetches and pushes: " + first_line(content());
  }
  return "";
}

std::set<std::string> hidden_keys(std::string_view index, const ReadBeside& beside) {
  std::set<std::string> keys;
  if (const auto hidden = hidden_in(index, beside)) {
    for (const git::HiddenFile& file : hidden->files) {
      keys.insert(key_of(file));
    }
  }
  return keys;
}

std::string newly_hidden(std::string_view index, const std::set<std::string>& before,
                         const std::function<bool(const std::string&)>& exists, const ReadBeside& beside) {
  constexpr std::size_t k_named = 3;
  const auto hidden = hidden_in(index, beside);
  if (!hidden) {
    return index.empty() ? "" : index.size() >= k_max_index ? "is too large to be examined" : "unknown index format";
  }
  std::string text;
  std::size_t found = hidden->count - hidden->files.size(); // those that are not listed
  for (const git::HiddenFile& file : hidden->files) {
    const std::string key = key_of(file);
    if (before.contains(key) || (file.skip_worktree && !file.path.empty() && !exists(file.path))) {
      continue;
    }
    if (++found <= k_named) {
      text += (text.empty() ? "" : ", ") + key;
    }
  }
  return found <= k_named ? text : text + " and " + std::to_string(found - k_named) + " more";
}

} // namespace agentbox::review
