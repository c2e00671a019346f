// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "image/made_images.hpp"
#include "podman/podman.hpp"

namespace agentbox::image {

/// An image that agentbox built, as Podman lists it.
struct ListedImage {
  std::string id;
  std::string kind;                 ///< "agent", "firewall", "tools"
  std::vector<std::string> names;   ///< its tags
  std::uint64_t bytes = 0;          ///< including layers that it shares with other images
  std::int64_t created = 0;         ///< Unix time; 0 for a firewall image, which has no date
  std::vector<std::string> used_by; ///< pods, or containers without a pod
  std::string tools;                ///< the tag of the tools image that an agent's image is built on
};

/// Returns the images in `images`, printed by `podman image ls --format json`, with their users from `containers`,
/// printed by `podman ps --all --pod --format json`. Throws Error(failed) for any other input. Pure.
std::vector<ListedImage> parse_image_list(std::string_view images, std::string_view containers);

/// Returns the images of the user's store that agentbox built. An image that the user built on one of them inherits the
/// label, but is not in `made`.
std::vector<ListedImage> list_images(const podman::Podman& podman, const MadeImages& made);

/// Returns the images that no container uses and that are neither in `wanted` (IDs) nor the base of one that is. Pure.
std::vector<ListedImage> idle_images(const std::vector<ListedImage>& images, const std::vector<std::string>& wanted);

} // namespace agentbox::image
