// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/fd.hpp"

namespace agentbox::generate {

/// Removes a folder with all that is in it. Another than std::filesystem's where files belong to subordinate ids.
using RemoveTree = std::function<void(const std::filesystem::path& folder)>;

// What lies in a folder aside. The name alone says what may be done with it, for whoever made it may have been killed.
inline constexpr const char* k_mark = "agentbox-generate.lock"; ///< locked while its maker lives
inline constexpr const char* k_new_set = "agentbox-new";        ///< a set in the making: may be removed
inline constexpr const char* k_exchanged =
    "agentbox-exchange";                                     ///< the new set, or the old output: only its content tells
inline constexpr const char* k_rubbish = "agentbox-rubbish"; ///< may be removed

/// A folder beside an output, ".NAME.agentbox-XXXXXX", where the new set is made and the old one ends, and which its
/// mark makes known to later runs. The mark is released with the object; the folder stays unless it is removed.
class Aside {
public:
  /// Makes one for `output`, whose parent exists, with an empty k_new_set in it. Throws support::Error(failed).
  static Aside make(const std::filesystem::path& output);

  /// Takes over the folder `name` beside `output` when nobody else holds it. Nothing otherwise; then `why` says what
  /// stands against it, or is empty where that is nobody's concern (another's, in use, gone, not a folder).
  static std::optional<Aside> take(const std::filesystem::path& output, const std::string& name, std::string& why);

  const std::filesystem::path& path() const noexcept { return m_path; }
  std::filesystem::path new_set() const { return m_path / k_new_set; }
  std::filesystem::path exchanged() const { return m_path / k_exchanged; }

  /// The names of all that is in it, but for the mark.
  std::vector<std::string> parts() const;

  /// What the mark says: the name of the machine it was made on. Empty when its maker was killed before that was
  /// written, and so before anything else was made.
  std::string machine() const;

  /// Gives a part another name. False with errno.
  bool rename_part(const char* from, const char* to) const;

  /// Removes it with all its parts, which all become k_rubbish first: whoever is killed meanwhile leaves nothing that
  /// is in doubt. Throws support::Error or std::filesystem::filesystem_error.
  void remove(const RemoveTree& remove_tree) const;

private:
  Aside(std::filesystem::path path, support::Fd folder, support::Fd mark);
  static std::optional<Aside> try_make(const std::filesystem::path& output);

  std::filesystem::path m_path;
  support::Fd m_folder;
  support::Fd m_mark; ///< none where the file system knows no locks: such a folder is never taken over
};

/// The name of the machine, as k_mark has it.
std::string machine_name();

/// Whether `name` is that of a folder aside of `output`.
bool is_aside_name(const std::filesystem::path& output, std::string_view name);

/// renameat2(2) of two paths. False with errno.
bool rename_with(const std::filesystem::path& from, const std::filesystem::path& to, unsigned flags);

inline constexpr unsigned k_rename_noreplace = 1; // linux/fs.h; <stdio.h> has it only for some
inline constexpr unsigned k_rename_exchange = 2;

} // namespace agentbox::generate
