// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "image/build_confinement.hpp"
#include "image/lock.hpp"
#include "podman/installation.hpp"
#include "podman/podman.hpp"
#include "podman/podman_info.hpp"
#include "policy/types.hpp"

namespace agentbox::image {

/// An image in the user's Podman store.
struct ImageRef {
  std::string id;  ///< 64 hex digits
  std::string tag; ///< "localhost/agentbox/agent:0123456789ab"

  bool operator==(const ImageRef&) const = default;
};

/// Options of ensure_agent_image().
struct BuildOptions {
  MakeBuildConfinement confinement = {}; ///< required when something is built
  bool rebuild = false;                  ///< from the newest base and packages, even if the image exists
  std::optional<std::filesystem::path> ca_bundle = std::nullopt; ///< PEM file, trusted while building; not in the image
  std::optional<std::filesystem::path> workspace = std::nullopt; ///< canonical; a dir: or tar: base in it is refused
  /// The agents to build with instead of the lock file's; written to the lock file after the image is built.
  std::optional<AgentsLock> agents = std::nullopt;
  /// Free space that Podman's store must have: for base, tools, agents, and their copy for the box's user namespace.
  std::uint64_t store_bytes = 3'000'000'000;
  /// Free space that the cache must have: for the agents' tarballs and files, and the archive of the base.
  std::uint64_t cache_bytes = 1'300'000'000;
};

/// Returns the agent's image for `choice`: base, toolkits, agents of the lock file, entry point. Builds it when it does
/// not exist or an ingredient has changed, with progress on a terminal. A call that builds nothing prints nothing and
/// does not call Podman: it reads cache_directory()/images.json, stats the ingredients and compares the image's
/// manifest with the one that was built (made_images.hpp). After a build the image's layers are mapped for
/// keep-id:uid=1000,gid=1000. Builds of one user wait for each other. A build that fails or is interrupted leaves
/// nothing but the base and the tools image, if they were complete. Throws Error: usage for a bad base; refused for a
/// base inside the workspace or with credentials, and for an image whose manifest was replaced; failed for everything
/// else, with the full log kept in state_directory()/logs. Throws Interrupted.
ImageRef ensure_agent_image(const podman::Podman& podman, const podman::PodmanInfo& info,
                            const podman::Installation& installation, const policy::ImageChoice& choice,
                            const BuildOptions& options);

/// Returns the agent's image if it was built from the current ingredients. Builds and checks nothing.
std::optional<ImageRef> known_agent_image(const podman::Installation& installation, const policy::ImageChoice& choice);

/// Returns the firewall's image: the installed program and the libraries it loads. Loads it into Podman's store if it
/// is not there or one of the files has changed. Needs no network. With the driver iptables it is a different image,
/// which also contains iptables. A call that loads nothing only stats those files and compares the manifest.
ImageRef ensure_firewall_image(const podman::Podman& podman, const podman::PodmanInfo& info,
                               const podman::Installation& installation, policy::FirewallDriver driver,
                               bool rebuild = false);

/// Returns the firewall's image if it was loaded and its files are unchanged. Loads and checks nothing.
std::optional<ImageRef> known_firewall_image(const podman::Installation& installation, policy::FirewallDriver driver);

/// Gives `image` its tag again if another image took it, for other programs that use the name.
void ensure_tag(const podman::Podman& podman, const ImageRef& image);

} // namespace agentbox::image
