// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>

#include "config/sources.hpp"

namespace agentbox::config {

/// Whose configuration a host is written into.
enum class SaveTo { user, project };

/// A host that is to be written into allow_hosts or block_hosts of a configuration, checked: the files of all layers
/// are right, no rule stands against it, and the file can be edited.
struct HostEdit {
  std::filesystem::path file;
  SaveTo to = SaveTo::user;
  std::string before; ///< the file's text; empty when there is none
  std::string after;  ///< the same as `before` when the host is there already
  /// Of the project's configuration before and after, as the user would agree to them (trust.hpp). The project's file
  /// is not the user's alone, so one who had agreed to all of it agrees to the edit, and to nothing else, by making it.
  std::string digest_before;
  std::string digest_after;
  std::string text_after; ///< what digest_after is of
};

/// Prepares the edit; nothing is written. Throws support::Error: usage with all mistakes of the configuration, which
/// stays untouched, or for an entry that the list cannot hold; refused when a block stands against an allow.
HostEdit prepare_edit(const Sources& sources, SaveTo to, bool allow, const std::string& host);

/// Writes the file aside and renames it into place, with its mode; a link to the user's file is followed, and none in
/// the workspace. Throws support::Error(failed) when the file has changed since it was read.
void write_edit(const Sources& sources, const HostEdit& edit);

} // namespace agentbox::config
