// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "image/fetch.hpp"
#include "image/lock.hpp"
#include "image/unpack.hpp"

namespace agentbox::image {

/// This machine in npm's words: "x64" or "arm64". Throws Error(refused) for another one.
std::string npm_arch();

/// Where agent `name`'s files lie in its package for `arch`. Throws Error(failed) for an agent whose vendor we do not
/// know.
PackageLayout layout_of(std::string_view name, std::string_view arch);

/// The folder with the unpacked files of `package`, in cache_folder()/agents: from the cache when it is there with the
/// pinned integrity, else downloaded from `registry`, checked against it, and unpacked. Made aside and renamed, so that
/// a folder is whole or not there. Throws Error(refused) when the bytes are not the pinned ones.
std::filesystem::path ensure_agent_files(const std::string& name, const PinnedPackage& package, std::string_view arch,
                                         const std::string& registry, const Fetcher& fetcher);

} // namespace agentbox::image
