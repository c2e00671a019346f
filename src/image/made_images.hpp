// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "podman/podman.hpp"
#include "podman/podman_info.hpp"

namespace agentbox::image {

/// The images that agentbox built or pulled, each with its name and the digest of its manifest, in
/// state_directory()/manifests.json.
///
/// A name proves nothing: any program can load an image under one of our names. Nor does an ID: it is the digest of the
/// configuration, while the manifest, whose annotations old versions of Podman pass to the runtime, can be replaced
/// under the same ID. So an image is used only under the name with which it was pinned here after it was built, and
/// only while its manifest is unchanged.
class MadeImages {
public:
  MadeImages(const podman::Podman& podman, const podman::PodmanInfo& info);
  /// Keeps the pins in `file`, for tests.
  MadeImages(const podman::Podman& podman, const podman::PodmanInfo& info, std::filesystem::path file);

  /// Returns whether image `id` is in the store and pinned as `tag`. Throws Error(refused) when its manifest has
  /// changed since it was built. Reads two small files; queries Podman only if its store has a different layout.
  bool has(const std::string& id, const std::string& tag) const;

  /// Returns whether image `id` was ever pinned, under any name.
  bool knows(const std::string& id) const;

  /// Pins image `id`, which has just been built and will be called `tag`. Throws Error(refused) and pins nothing when
  /// the store holds a manifest that the build did not make: one of another image, one with annotations that Podman's
  /// builds do not write, or one whose SHA-256 (hex) is not `digest`, if that is given.
  void pin(const std::string& id, const std::string& tag,
           const std::optional<std::string>& digest = std::nullopt) const;

  /// Pins image `id`, which has just been pulled as `name`. Its manifest may change: a registry may recompress, and
  /// no box starts from it.
  void pin_pulled(const std::string& id, const std::string& name) const;

private:
  void write_pin(const std::string& id, const std::string& tag, const std::string& manifest) const;
  std::filesystem::path stored_manifest(const std::string& id) const;
  std::optional<std::string> stored_digest(const std::string& id) const;

  const podman::Podman& m_podman;
  std::filesystem::path m_store; ///< containers/storage's directory of images
  std::filesystem::path m_file;
};

} // namespace agentbox::image
