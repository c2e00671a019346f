// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::git {

/// Returns the words of a shell command that may be paths, and the whole line. Every word is included (`python3
/// clean.py` runs its second word, `./clean` its first), except a bare name as the command, which a shell
/// looks up in PATH. The line is split twice: with quotes and backslashes removed, as a shell does, and at each of
/// them, to find commands in quotes (sh -c "./x y"). A leading option (`--file=`), assignment or variable
/// (`$GIT_DIR`) is cut off; "$(git rev-parse --show-toplevel)/x" leaves "x". Unique, not empty, at most 4096 bytes
/// each, at most `max` words. Pure; accepts any bytes.
std::vector<std::string> command_words(std::string_view command, std::size_t max);

/// Returns `word` of a shell command with "*" for each variable, "?" and "[…]". Pure; accepts any bytes.
std::string pattern_of(std::string_view word);

} // namespace agentbox::git
