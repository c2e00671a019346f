// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "image/base.hpp"
#include "image/build_confinement.hpp"
#include "image/recipe.hpp"

namespace agentbox::image {

/// Returns the arguments of `podman` that build `recipe` from the build context in `directory`, as one layer, without
/// the cache and without pulling. `contexts` are additional build contexts by name. `confinement` confines the
/// programs of the image; nullptr, for a recipe that runs none, means no network and no capabilities. Pure.
std::vector<std::string> build_arguments(const Recipe& recipe, const std::filesystem::path& directory,
                                         const std::map<std::string, std::filesystem::path>& contexts,
                                         const BuildConfinement* confinement = nullptr, bool host_network = false);

/// Returns whether a proxy in `environment` listens on this machine's loopback interface, which can be reached only
/// from the host's network namespace. Pure.
bool has_local_proxy(const std::map<std::string, std::string>& environment);

/// Builds `recipe`, confined by `confinement`, in a fresh context directory, to which `fill` adds files that are not
/// text; pins the image and returns its ID. The image has no tag yet. Throws the log's failure(what).
std::string build(BuildEnvironment& environment, const std::string& what, Recipe recipe,
                  const std::map<std::string, std::filesystem::path>& contexts,
                  const std::function<void(const std::filesystem::path& context)>& fill,
                  const BuildConfinement* confinement = nullptr);

/// Removes the containers, names and untagged images that an interrupted or failed build of this user left. The caller
/// must hold a BuildDirectory.
void remove_leftovers(const ImageStore& store) noexcept;

} // namespace agentbox::image
