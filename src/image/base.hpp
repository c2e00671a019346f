// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "image/base_choice.hpp"
#include "image/build_log.hpp"
#include "image/image_store.hpp"
#include "image/made_images.hpp"
#include "image/progress.hpp"
#include "image/recipe.hpp"
#include "podman/podman.hpp"

namespace agentbox::image {

/// The objects that the steps of a build share.
struct BuildEnvironment {
  const podman::Podman& podman;
  ImageStore store;
  const MadeImages& made;
  BuildLog& log;
  Progress& progress;
  std::filesystem::path directory; ///< for temporary files
  std::optional<std::filesystem::path> ca_bundle;
  bool rebuild = false; ///< from the newest base, even if the image exists
};

/// Returns the ID of the image called `tag` if agentbox made it under that name (MadeImages::has()); nothing during a
/// rebuild. Prints a note about an image of that name that agentbox did not make.
std::optional<std::string> reusable(const BuildEnvironment& environment, const std::string& tag);

/// Returns a Podman command that may reach a registry or a mirror: with the caller's proxies, and the CA bundle.
support::Command networked(const BuildEnvironment& environment, const std::vector<std::string>& args);

/// Returns the base image that `choice` names: from the store, or pulled or imported (always on a rebuild). A name that
/// the user chose is resolved as the user's Podman does; the default base is taken from the store only if agentbox
/// pulled it. If the default base cannot be pulled and mmdebstrap is installed, bootstraps it from the Debian archive
/// and prints a note. Throws Error.
Base ensure_base(BuildEnvironment& environment, const BaseChoice& choice);

/// Returns the mmdebstrap command that makes the default base as archive `target`. Pure.
support::Command mmdebstrap_command(const std::string& program, const std::filesystem::path& target,
                                    const std::map<std::string, std::string>& caller);

} // namespace agentbox::image
