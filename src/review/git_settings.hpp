// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::review {

/// Returns the keys in a Git configuration file ("core.fsmonitor") that make Git run commands, read more configuration
/// or connect elsewhere (git::effect_of()). Sorted, unique, at most 16. Settings after a syntax error, where Git stops,
/// count too. Pure; accepts any bytes.
std::vector<std::string> commanding_keys(std::string_view config);

/// Returns whether a git-rebase-todo has a line that makes `git rebase --continue` run a command. Pure.
bool holds_commands(std::string_view todo);

/// Returns whether the options of an unfinished cherry-pick or revert (sequencer/opts) name a merge strategy with a
/// slash: Git runs git-merge-NAME, which is then a program in the working tree. Pure.
bool names_own_strategy(std::string_view options);

/// Returns whether a gitattributes file assigns a filter, a diff or a merge driver. Pure.
bool names_drivers(std::string_view attributes);

} // namespace agentbox::review
