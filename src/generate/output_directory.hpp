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

/// Removes what is in `directory` except k_unfinished_file, including what belongs to subordinate IDs, and what else a
/// run with the temporary directory `temporary` left. Must not use that path to reach files: others can change it.
using RemoveContent = std::function<void(const support::Fd& directory, const std::filesystem::path& temporary)>;

/// A file in every temporary directory, until its set is complete and again while it is being removed.
inline constexpr const char* k_unfinished_file = "agentbox-unfinished";

/// Writes a set of files to a directory in one step: the set is made in a temporary directory beside the output, which
/// is locked (flock(2)), then put in place by one renameat2(2). The output holds the old set or the new one, never
/// parts of both. A box may run in the project: below the output's parent no file is reached through a path, only
/// through open directories.
class OutputDirectory {
public:
  /// Checks `directory`, removes what killed runs for the same output left, and creates the temporary directory.
  /// `directory` may be missing (its parents are created), be empty, or hold nothing but an unchanged generated set.
  /// With `force` it may hold anything: files that the new set names are replaced, the rest stays. Throws
  /// support::Error(refused): other files without `force`; not a directory, a symbolic link, another user's; the root,
  /// the home directory, the working directory or one above it. `private_set`: nobody else may look inside.
  OutputDirectory(const std::filesystem::path& directory, bool force, bool private_set, RemoveContent remove_content);
  OutputDirectory(const OutputDirectory&) = delete;
  OutputDirectory& operator=(const OutputDirectory&) = delete;
  /// Removes the temporary directory if commit() was not reached.
  ~OutputDirectory();

  /// Returns the temporary directory, for files that write() does not write.
  const std::filesystem::path& temporary() const noexcept { return m_temporary; }
  const support::Fd& directory() const noexcept { return m_new; }

  /// Returns what was not removed, because it may contain files of others, or because removing failed: a line each, at
  /// most 10 of earlier runs, and after commit() the old directory.
  const std::vector<std::string>& kept() const noexcept { return m_kept; }

  /// Writes the files of `set`, and creates the directories they need.
  void write(const oci::GeneratedSet& set) const;

  /// Puts the new set in place. Throws support::Error(failed). What happens to the old set is not an error: see kept().
  void commit();

private:
  OutputDirectory(const std::filesystem::path& directory, bool force, RemoveContent remove_content);
  void open_old();
  void remove_leftovers();
  void make_temporary();
  void remove_set(const support::Fd& directory, const std::string& name) const;
  void remove_old(const std::string& name);

  std::filesystem::path m_directory;
  std::filesystem::path m_temporary; ///< empty after commit()
  support::Fd m_parent;
  support::Fd m_old; ///< the directory that exists, if any
  support::Fd m_new; ///< the temporary directory, locked
  bool m_force;
  RemoveContent m_remove_content;
  std::vector<std::string> m_kept;
};

/// Returns whether `name` is that of a temporary directory for `output`: ".NAME.agentbox-XXXXXX".
bool is_temporary_name(const std::filesystem::path& output, std::string_view name);

/// Returns the directory that --output means: absolute, without "." and "..", its existing part without symbolic links.
std::filesystem::path resolve_output(const std::filesystem::path& text);

} // namespace agentbox::generate
