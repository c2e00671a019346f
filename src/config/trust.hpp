// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace agentbox::config {

/// The user's agreements to what projects' configurations broaden. Each is bound to the digest of the project's files
/// (Loaded::project_digest), so that a changed file needs a new agreement, and is kept outside of the workspace in
/// `folder`/<sha256 of the workspace's path>.json.
class TrustStore {
public:
  /// `folder` is trust_folder() but in tests.
  explicit TrustStore(std::filesystem::path folder) : m_folder(std::move(folder)) {}

  /// Whether the user agreed to exactly this digest for this workspace. A file that others could have written, or that
  /// cannot be read, is an Error(failed), never an agreement.
  bool agreed(const std::filesystem::path& workspace, std::string_view digest) const;

  /// Keeps the user's agreement to `digest`, and the `text` that was shown, to show what changes later; a former one is
  /// replaced. Both are of one reading: what changed on the disk since was not agreed to.
  void agree(const std::filesystem::path& workspace, std::string_view digest, std::string_view text) const;

  /// The text of the last agreement for this workspace, whatever became of the file since; nothing when there is none.
  std::optional<std::string> last_text(const std::filesystem::path& workspace) const;

  /// Takes the agreement back. Nothing happens when there is none.
  void revoke(const std::filesystem::path& workspace) const;

private:
  std::filesystem::path file_of(const std::filesystem::path& workspace) const;
  nlohmann::json read(const std::filesystem::path& workspace) const;
  std::filesystem::path m_folder;
};

/// $XDG_STATE_HOME/agentbox/trust
std::filesystem::path trust_folder();

} // namespace agentbox::config
