// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "image/base_choice.hpp"
#include "image/build_log.hpp"
#include "image/image_store.hpp"
#include "image/progress.hpp"
#include "image/recipe.hpp"
#include "podman/podman.hpp"

namespace agentbox::image {

/// What every step of a build uses.
struct Workshop {
  const podman::Podman& podman;
  Store store;
  BuildLog& log;
  Progress& progress;
  std::filesystem::path folder; ///< for files on the way
  std::optional<std::filesystem::path> ca_bundle;
  bool renew = false; ///< fetch anew what is already there
};

/// A Podman command that may reach a registry or a mirror: the caller's proxies, and the CA bundle when one was named.
support::Command networked(const Workshop& workshop, const std::vector<std::string>& args);

/// The base image that `choice` names, in the store: what is there already (unless workshop.renew), else pulled or
/// imported. The default base that cannot be pulled is bootstrapped from the Debian archive where mmdebstrap is
/// installed; this is said.
Base ensure_base(Workshop& workshop, const BaseChoice& choice);

/// The mmdebstrap command that makes the default base as tarball `target`. Pure.
support::Command mmdebstrap_command(const std::string& program, const std::filesystem::path& target,
                                    const std::map<std::string, std::string>& caller);

} // namespace agentbox::image
