// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "config/config_layer.hpp"
#include "config/sources.hpp"

namespace agentbox::config {

/// Lines to be added to the saved-hosts.txt of the user or of the project. Every layer was read without a mistake, and
/// no block covers a host.
struct HostEdit {
  std::filesystem::path file;
  LayerKind kind = LayerKind::user;
  std::string before; ///< text of the file; empty when it does not exist
  std::string after;  ///< the same as `before` when the configuration has the hosts already
  /// Digests of the project's whole configuration before and after (ProjectTexts). If the user had agreed to the
  /// former, this edit is an agreement to the latter, and to nothing else.
  std::string digest_before; ///< empty when the project has no configuration
  std::string digest_after;
  std::string text_after; ///< the text that digest_after covers
};

/// Prepares the edit; writes nothing. Throws support::Error: usage with all mistakes of the configuration, or for an
/// entry that cannot be saved; refused when a block covers a host to allow.
HostEdit prepare_edit(const Sources& sources, LayerKind kind, bool allow, const std::vector<std::string>& hosts);

/// Replaces the file atomically. Follows a link to the user's file, but none in the workspace. Throws
/// support::Error(failed) when the file has changed since it was read.
void write_edit(const Sources& sources, const HostEdit& edit);

} // namespace agentbox::config
