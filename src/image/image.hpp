// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "podman/installation.hpp"
#include "podman/podman.hpp"
#include "policy/types.hpp"

namespace agentbox::image {

/// An image in the user's Podman store.
struct ImageRef {
  std::string id;  ///< 64 hex digits
  std::string tag; ///< "localhost/agentbox/agent:0123456789ab"

  bool operator==(const ImageRef&) const = default;
};

/// How ensure_agent_image() goes about it.
struct BuildOptions {
  bool rebuild = false; ///< anew, from the base's newest version
  bool recheck = false; ///< ask Podman whether the remembered image is still there (after a run that missed it)
  std::optional<std::filesystem::path> ca_bundle; ///< PEM file trusted while building; never part of the image
  std::optional<std::filesystem::path> workspace; ///< canonical; a dir: or tar: base inside it is refused
};

/// The agent's image for `choice`: base, toolkits, agents of the lock file, entry point. Built when an ingredient has
/// changed, with its progress on a terminal; otherwise nothing is printed and Podman is not asked (a warm call reads
/// cache_folder()/images.json and stats the ingredients). After a build the image's layers are already mapped for
/// keep-id:uid=1000,gid=1000. Builds of one user wait for each other.
/// Throws Error: usage for a bad base, refused for a base inside the workspace or with credentials in it, failed for
/// everything that goes wrong on the way; then the full log is kept in state_folder()/logs.
ImageRef ensure_agent_image(const podman::Podman& podman, const podman::Installation& installation,
                            const policy::ImageChoice& choice, const BuildOptions& options);

/// The agent's image if it was built with today's ingredients; nothing is built or asked.
std::optional<ImageRef> known_agent_image(const podman::Installation& installation, const policy::ImageChoice& choice);

/// The firewall's image, assembled from the installed program and the libraries it loads, and loaded into Podman's
/// store when one of them has changed. Needs no network. Warm calls stat those files and ask nothing else.
/// With the driver iptables it is another image, which holds that program as well. `recheck` as above.
ImageRef ensure_firewall_image(const podman::Podman& podman, const podman::Installation& installation,
                               policy::FirewallDriver driver, bool recheck = false);

/// The firewall's image if it is loaded and today's; nothing is done.
std::optional<ImageRef> known_firewall_image(const podman::Installation& installation, policy::FirewallDriver driver);

} // namespace agentbox::image
