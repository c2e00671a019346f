// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "generate/aside.hpp"

namespace agentbox::generate {

/// Removes the folders aside that runs for the same `output` left when they were killed. Left alone, whatever its name:
/// one that is in use, is somebody else's or a link, has no mark, was made on another machine (whose locks may not be
/// seen here), or holds anything that may be more than a set as agentbox wrote it. Returns a line for each of our own
/// that stays and why; of many, the first ones. Throws nothing that one of them causes.
std::vector<std::string> remove_leftovers(const std::filesystem::path& output, const RemoveTree& remove_tree);

} // namespace agentbox::generate
