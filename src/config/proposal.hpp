// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace agentbox::config {

/// Settings that a project seems to need, judged by the names of its files.
struct Proposal {
  std::vector<std::string> toolkits; ///< sorted, unique
  std::vector<std::string> sets;     ///< "@npm"; sorted, unique
  std::vector<std::string> reasons;  ///< "package.json: toolkit web, hosts @npm"
  std::string base;                  ///< the base image of its Dockerfile, or that of its language; may be empty
};

/// Looks at the files of `workspace` and of the directories in it, but not deeper. Follows no symbolic link. Reads only
/// the FROM lines of a Dockerfile.
Proposal propose(const std::filesystem::path& workspace);

} // namespace agentbox::config
