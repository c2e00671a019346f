// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "support/fd.hpp"

namespace agentbox::homes {

/// Returns $XDG_STATE_HOME/agentbox/home, without symbolic links.
std::filesystem::path directory();

/// Returns the directory that is /home/agent in the boxes of `workspace`: directory()/HASH/home. Creates nothing.
std::filesystem::path home_of(const std::filesystem::path& workspace);

/// A mount point in a home: a directory or a file, by its path relative to the home.
struct MountPoint {
  std::filesystem::path path;
  bool is_directory = true;
};

/// A kept home that a box uses. It cannot be cleared while this object exists.
class HeldHome {
public:
  /// Makes the home of `workspace` if there is none. Throws Error(refused) with the path if it is a symbolic link,
  /// belongs to another user, was made by a newer version, or was larger than `limit` bytes after its last box.
  HeldHome(const std::filesystem::path& workspace, std::uint64_t limit);

  /// Fills a new home by calling `copy` with its path. The directory may contain files of an interrupted copy.
  void fill(const std::function<void(const std::filesystem::path&)>& copy) const;

  /// Creates missing mount points, because the runtime would create them as another user. Throws Error(refused) for a
  /// symbolic link or a file of another type, which an earlier box may have left.
  void make_mount_points(const std::vector<MountPoint>& points) const;

  /// Removes the symbolic link `path` of the home if its target begins with `target`. agent-entrypoint makes such links
  /// to files in memory.
  void remove_link(const std::filesystem::path& path, const std::string& target) const;

  /// Measures the home and records its size for the next start. Returns it, in bytes.
  std::uint64_t record_size() const;

private:
  std::filesystem::path m_project;
  support::Fd m_lock;
};

/// A home on the disk.
struct KeptHome {
  std::filesystem::path project;   ///< directory()/HASH
  std::filesystem::path workspace; ///< as it was recorded
  std::uint64_t bytes = 0;         ///< on the disk
  std::time_t used = 0;            ///< when a box last started with it, seconds since the epoch
  bool in_use = false;

  std::filesystem::path home() const { return project / "home"; }
};

/// Returns the homes of all projects, by workspace.
std::vector<KeptHome> find_homes();

/// Returns the bytes that `home` takes on the disk. Files that cannot be read are not counted.
std::uint64_t size_of(const std::filesystem::path& home);

/// Removes a home. Throws Error(refused) while a box uses it.
void clear(const KeptHome& home);

} // namespace agentbox::homes
