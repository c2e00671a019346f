// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace agentbox::config {

/// The user's agreements to what projects' configurations broaden. Each is bound to Loaded::project_digest, so that a
/// changed file needs a new agreement, and stored outside the workspace in `directory`/<sha256 of the workspace's
/// path>.json.
class TrustStore {
public:
  /// Uses `directory`, which is trust_directory() except in tests.
  explicit TrustStore(std::filesystem::path directory) : m_directory(std::move(directory)) {}

  /// Returns whether the user agreed to this digest for this workspace. Throws Error(failed) for a file that others can
  /// write or that cannot be read.
  bool agreed(const std::filesystem::path& workspace, std::string_view digest) const;

  /// Stores the agreement to `digest`, with the `text` that was shown, to show later changes; replaces a former one.
  /// Both must come from the same read of the files.
  void agree(const std::filesystem::path& workspace, std::string_view digest, std::string_view text) const;

  /// Returns the text of the last agreement for this workspace, if any.
  std::optional<std::string> last_text(const std::filesystem::path& workspace) const;

private:
  std::filesystem::path file_of(const std::filesystem::path& workspace) const;
  nlohmann::json read(const std::filesystem::path& workspace) const;
  std::filesystem::path m_directory;
};

/// Returns $XDG_STATE_HOME/agentbox/trust.
std::filesystem::path trust_directory();

} // namespace agentbox::config
