// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace agentbox::review {

/// The number of bytes of an index or of packed-refs that are examined.
inline constexpr std::size_t k_max_index = 64U << 20U;

/// Returns how a file of a repository keeps changes out of what `git status`, `git diff` and `git log` show; empty if
/// it does not. `path` is relative to the repository: "info/exclude". `content` is called only when needed. Pure.
std::string hides_changes(std::string_view path, const std::function<std::string()>& content);

/// Returns whether a gitattributes file keeps files out of `git diff`. Pure.
bool keeps_out_of_diff(std::string_view attributes);

/// Returns the content of a file beside an index: the other part of a split one.
using ReadBeside = std::function<std::string(const std::string& name)>;

/// Returns a key for each file that an index marks assume-unchanged or skip-worktree: "assume-unchanged: PATH". Empty
/// when it is not an index. Pure.
std::set<std::string> hidden_keys(std::string_view index, const ReadBeside& beside);

/// Returns how an index hides changes of files that `before`, the keys at the start, does not have; empty: none.
/// A skip-worktree file counts only if `exists` in the working tree: others are those of a sparse checkout. Pure.
std::string newly_hidden(std::string_view index, const std::set<std::string>& before,
                         const std::function<bool(const std::string&)>& exists, const ReadBeside& beside);

} // namespace agentbox::review
