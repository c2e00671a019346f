// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "agents/agent_data.hpp"
#include "image/fetch.hpp"
#include "image/lock.hpp"
#include "image/unpack.hpp"

namespace agentbox::image {

/// Returns npm's name for this machine: "x64" or "arm64". Throws Error(refused) for other machines.
std::string npm_arch();

/// Returns which files of the agent's package for `arch` are used. Pure.
PackageLayout layout_of(const agents::NpmSource& source, std::string_view arch);

/// Returns the directory in cache_directory()/agents with the unpacked files of `package`. If it does not exist,
/// downloads the package from `registry` to `scratch`, a directory on the same file system, checks its integrity,
/// unpacks it there and renames the result, so that a directory in the cache is complete. Throws Error(refused) when
/// the integrity differs.
std::filesystem::path ensure_agent_files(const std::string& name, const PinnedPackage& package,
                                         const PackageLayout& layout, const std::string& registry,
                                         const Fetcher& fetcher, const std::filesystem::path& scratch);

} // namespace agentbox::image
