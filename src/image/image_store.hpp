// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "podman/podman.hpp"

namespace agentbox::image {

/// The name of the containers that a build creates, one at a time. No box's pod or container has a dot in its name.
inline constexpr const char* k_build_container = "agentbox.build";

/// Queries and small changes of the user's image store.
class ImageStore {
public:
  explicit ImageStore(const podman::Podman& podman) : m_podman(podman) {}

  /// Returns the ID of the image called `name` (a reference or an ID), or nothing.
  std::optional<std::string> id_of(const std::string& name) const;
  /// Gives image `id` the name `tag`.
  void tag(const std::string& id, const std::string& tag) const;
  /// Removes the name `tag` from its image. Does nothing if there is none.
  void try_untag(const std::string& tag) const;
  /// Returns the IDs of images with `label` ("key=value"). Takes only one: Podman 4 treats several as alternatives.
  std::vector<std::string> with_label(const std::string& label) const;
  /// Removes image `id` if nothing uses it. A failure is ignored: it costs only space.
  void try_remove(const std::string& id) const;
  /// Removes untagged, unused images that have the label `label`, with any value.
  void prune(const std::string& label) const;
  /// Removes the container `name`, if there is one.
  void remove_container(const std::string& name) const;
  /// Removes the working containers of interrupted `podman build`s on an image named `image`.
  void remove_working_containers(const std::string& image) const;
  /// Returns the text of os-release(5) in image `id`; empty when there is none. Runs nothing in it.
  std::string os_release(const std::string& id) const;
  /// Makes Podman copy the image's layers for the user namespace of boxes, so that the first start need not wait for
  /// that. Runs nothing in the image.
  void map_for_boxes(const std::string& id) const;

private:
  void create(const std::string& id, const std::vector<std::string>& options) const;
  const podman::Podman& m_podman;
};

/// Returns the content of the first regular file in the tar `archive`, at most 64 KiB of it; empty when there is none.
/// Pure.
std::string first_file_of_tar(std::string_view archive);

} // namespace agentbox::image
