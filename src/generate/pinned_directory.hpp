// SPDX-License-Identifier: Apache-2.0
// Work below open directories. A box that runs in the project may replace any name there by a link at any time, so
// what is written, moved or removed is never reached through its path.
#pragma once
#include <filesystem>
#include <set>
#include <string>

#include "support/fd.hpp"

namespace agentbox::generate {

/// Returns a path of `directory` itself, even if its name has been moved or replaced.
std::filesystem::path path_of(const support::Fd& directory);

/// Opens directory `name` of `parent`. Returns nothing, with errno, if it is a link, something else, or missing.
support::Fd open_directory(const support::Fd& parent, const std::string& name);

/// Opens directory `relative` below `top`, and creates what is missing. Throws support::Error(failed).
support::Fd make_directories(const support::Fd& top, const std::filesystem::path& relative);

/// Returns whether `name` of `parent` is still `directory`.
bool is_at(const support::Fd& directory, const support::Fd& parent, const std::string& name);

/// Moves from directory `from` to `to` what `to` does not have, also inside directories that both have, except those
/// of `whole`: they stay where both have them, or where they cannot be moved. Throws support::Error(failed).
void move_missing(const support::Fd& from, const support::Fd& to, const std::set<std::filesystem::path>& whole,
                  const std::filesystem::path& inside = {});

} // namespace agentbox::generate
