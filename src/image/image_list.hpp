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
  std::int64_t created = 0;         ///< Unix time; 0 for a firewall's, which has no date
  std::vector<std::string> used_by; ///< pods, or containers without one
  std::string tools;                ///< the tag of the tools image that an agent's image is built on
};

/// Returns the images in `images`, which `podman image ls --format json` printed, with their users in `containers`, of
/// `podman ps --all --pod --format json`. Throws Error(failed) for anything else. Pure.
std::vector<ListedImage> parse_image_list(std::string_view images, std::string_view containers);

/// Returns the images of the user's store that agentbox built. One that the user built on them has their label too, but
/// is not `made`.
std::vector<ListedImage> list_images(const podman::Podman& podman, const MadeImages& made);

/// Returns those of `images` that no container uses, and that are not among `wanted` (IDs) or a base of one of them.
/// Pure.
std::vector<ListedImage> idle_images(const std::vector<ListedImage>& images, const std::vector<std::string>& wanted);

} // namespace agentbox::image
