// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::review {

/// The keys of a Git configuration file ("core.fsmonitor", "filter.*.clean") by which Git runs commands, reads further
/// configuration, or goes to another place than it seems. Sorted, unique, at most 16. Pure; reads any bytes. What
/// stands behind a mistake, at which Git stops, is named as well.
std::vector<std::string> commanding_keys(std::string_view config);

/// Whether a git-rebase-todo holds a line by which `git rebase --continue` runs a command. Pure.
bool holds_commands(std::string_view todo);

/// Whether the options of a cherry-pick or revert that is under way (sequencer/opts) name a merge strategy with a
/// slash: Git runs git-merge-NAME, and then that is a program of the working tree. Pure.
bool names_own_strategy(std::string_view options);

/// Whether a gitattributes file gives files a filter, a diff or a merge driver, which the configuration may define.
/// Pure.
bool names_drivers(std::string_view attributes);

} // namespace agentbox::review
