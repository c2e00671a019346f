// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::git {

/// The words of a shell's command line that may be paths, and the line as a whole: any word, for `python3 clean.py`
/// obeys its second as much as `./clean` does its first; but no bare name where a command stands, which a shell looks
/// up in PATH. Read twice: as a shell takes quotes and backslashes away, and cut at each of them, for commands in
/// quotes (sh -c "./x y"). What stands before a word as an option (`--file=`), an assignment or a variable (`$GIT_DIR`)
/// is cut off; the rest of "$(git rev-parse --show-toplevel)/x" is "x". Unique, none empty or longer than 4096 bytes,
/// at most `most`. Pure; reads any bytes.
std::vector<std::string> command_words(std::string_view command, std::size_t most);

} // namespace agentbox::git
