// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string_view>
#include <vector>

#include "image/family.hpp"
#include "policy/allow_entry.hpp"

namespace agentbox::image {

/// Returns the official servers of the distributions of `family`: containerfiles/agent/mirrors/FAMILY.txt below `data`,
/// one HOST[:PORT] per line, '#' starts a comment. Throws Error(failed) for an invalid entry.
std::vector<policy::AllowEntry> official_mirrors(const std::filesystem::path& data, Family family);

/// Returns the hosts of the URLs in a package manager's configuration (sources.list(5), *.sources, *.repo, mirrorlist,
/// apk's repositories). Skips comments, and hosts that are not valid as an entry of a list. Pure.
std::vector<policy::AllowEntry> mirrors_in(std::string_view text);

/// Returns the mirrors that this host's own package manager is configured with, in the files below `root`.
std::vector<policy::AllowEntry> host_mirrors(const std::filesystem::path& root = "/");

} // namespace agentbox::image
