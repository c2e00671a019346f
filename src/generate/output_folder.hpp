// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>

#include "generate/aside.hpp"
#include "oci/pod/generated_set.hpp"

namespace agentbox::generate {

/// Writes a set of files to a folder in one step: everything is made in a folder aside, then put in place by one
/// rename, so that `folder` holds the old set or the new one, never parts of both.
class OutputFolder {
public:
  /// Checks `folder` and makes the folder aside. `folder` may be missing (its parents are made), or be an empty folder,
  /// or hold nothing but a set that agentbox generated and nobody has changed since. With `force` it may hold anything:
  /// what the new set names is replaced, the rest stays.
  /// Throws support::Error(refused): other files without `force`; not a folder, a symbolic link, somebody else's; the
  /// root, the home folder, the working folder or one above it. `private_set`: nobody else may look inside.
  OutputFolder(const std::filesystem::path& folder, bool force, bool private_set, RemoveTree remove_tree);
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;
  OutputFolder(OutputFolder&&) = delete;
  OutputFolder& operator=(OutputFolder&&) = delete;
  /// Removes the folder aside, if commit() was not reached.
  ~OutputFolder();

  /// The new set's folder until commit(), for what is not written by write().
  std::filesystem::path aside() const { return m_aside->new_set(); }

  /// Writes the files of `set`, and makes the folders they need.
  void write(const oci::GeneratedSet& set) const;

  /// Puts the new set in place. Throws support::Error(failed); then the old one is there as before.
  void commit();

private:
  void keep_other_files() const;
  void put_in_place();

  std::filesystem::path m_folder;
  std::optional<Aside> m_aside;
  bool m_exists = false;
  bool m_holds_old = false; ///< the folder aside holds what was in the output before, and nobody has looked through it
  RemoveTree m_remove_tree;
};

/// The folder that --output means: absolute, without "." and "..", its existing part without symbolic links.
std::filesystem::path resolve_output(const std::filesystem::path& text);

} // namespace agentbox::generate
