// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "image/base.hpp"
#include "image/recipe.hpp"

namespace agentbox::image {

/// The words after `podman` that build `recipe` out of the context `folder`. `contexts` are further folders by name.
/// One layer, no cache, no pull. Pure.
std::vector<std::string> build_arguments(const Recipe& recipe, const std::filesystem::path& folder,
                                         const std::map<std::string, std::filesystem::path>& contexts,
                                         bool host_network);

/// Whether a proxy of `environment` listens on this machine's loopback, which only the host's network reaches. Pure.
bool has_local_proxy(const std::map<std::string, std::string>& environment);

/// Builds `recipe` in a fresh context folder, to which `fill` adds what is no text; returns the image's ID. The image
/// has no tag yet. Throws Error(refused) when anything in the context or the arguments looks like a credential, and
/// failure(what) of the log.
std::string build(Workshop& workshop, const std::string& what, const Recipe& recipe,
                  const std::map<std::string, std::filesystem::path>& contexts,
                  const std::function<void(const std::filesystem::path& folder)>& fill);

} // namespace agentbox::image
