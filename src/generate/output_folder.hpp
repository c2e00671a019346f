// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/pod/generated_set.hpp"
#include "support/fd.hpp"

namespace agentbox::generate {

/// Removes a path with everything below it, like std::filesystem::remove_all(), also what belongs to subordinate ids.
using RemoveTree = std::function<void(const std::filesystem::path& path)>;

/// In every temporary directory, until its set is complete and again while it is being removed.
inline constexpr const char* k_unfinished_file = "agentbox-unfinished";

/// Writes a set of files to a directory in one step: the set is made in a temporary directory beside the output, which
/// is locked (flock(2)), then put in place by one renameat2(2). The output holds the old set or the new one, never
/// parts of both.
class OutputFolder {
public:
  /// Checks `folder`, removes what killed runs for the same output left, and creates the temporary directory. `folder`
  /// may be missing (its parents are created), be empty, or hold nothing but an unchanged generated set. With `force`
  /// it may hold anything: what the new set names is replaced, the rest stays. Throws support::Error(refused): other
  /// files without `force`; not a directory, a symbolic link, another user's; the root, the home directory, the working
  /// directory or one above it. `private_set`: nobody else may look inside.
  OutputFolder(const std::filesystem::path& folder, bool force, bool private_set, RemoveTree remove_tree);
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;
  OutputFolder(OutputFolder&&) = delete;
  OutputFolder& operator=(OutputFolder&&) = delete;
  /// Removes the temporary directory if commit() was not reached.
  ~OutputFolder();

  /// The temporary directory, for files that write() does not write.
  const std::filesystem::path& temporary() const noexcept { return m_temporary; }

  /// What earlier runs seem to have left and stays, because it may hold somebody's files: a line each, at most 10.
  const std::vector<std::string>& kept_leftovers() const noexcept { return m_kept; }

  /// Writes the files of `set`, and creates the directories they need.
  void write(const oci::GeneratedSet& set) const;

  /// Puts the new set in place. Throws support::Error(failed).
  void commit();

private:
  void remove_leftovers();
  void remove_set(const std::filesystem::path& path) const;
  void keep_other_files(const std::filesystem::path& old) const;

  std::filesystem::path m_folder;
  std::filesystem::path m_temporary; ///< empty after commit()
  support::Fd m_lock;
  bool m_exists = false;
  RemoveTree m_remove_tree;
  std::vector<std::string> m_kept;
};

/// Returns whether `name` is that of a temporary directory for `output`: ".NAME.agentbox-XXXXXX".
bool is_temporary_name(const std::filesystem::path& output, std::string_view name);

/// Returns the directory that --output means: absolute, without "." and "..", its existing part without symbolic links.
std::filesystem::path resolve_output(const std::filesystem::path& text);

} // namespace agentbox::generate
