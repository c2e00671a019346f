// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "podman/podman.hpp"

namespace agentbox::image {

/// Questions and small changes to the user's image store.
class Store {
public:
  explicit Store(const podman::Podman& podman) : m_podman(podman) {}

  /// The ID of the image called `name` (a reference or an ID), or nothing when there is none.
  std::optional<std::string> id_of(const std::string& name) const;
  /// Calls image `id` also `tag`.
  void tag(const std::string& id, const std::string& tag) const;
  /// The IDs of images that carry `label` ("key=value"). Only one: Podman 4 takes several as alternatives.
  std::vector<std::string> with_label(const std::string& label) const;
  /// Removes image `id` if nothing uses it. A failure is no one's concern: it costs only room.
  void try_remove(const std::string& id) const;
  /// The text of os-release(5) inside image `id`; empty when it has none. Nothing of the image is run.
  std::string os_release(const std::string& id) const;
  /// Has Podman copy the image's layers for the user namespace that boxes get, so that the first start does not pay for
  /// it. Nothing of the image is run.
  void map_for_boxes(const std::string& id) const;

private:
  std::string create(const std::string& id, const std::vector<std::string>& options) const;
  const podman::Podman& m_podman;
};

/// The content of the first regular file in the tar `archive`, at most 64 KiB of it; empty when there is none. Pure.
std::string first_file_of_tar(std::string_view archive);

} // namespace agentbox::image
