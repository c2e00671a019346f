// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

#include "oci/bundle/entry_path.hpp"
#include "oci/host_facts.hpp"
#include "support/fd.hpp"

namespace agentbox::oci::bundle {

/// What an entry's file gets besides its content.
struct Attributes {
  std::uint32_t uid = 0; ///< as the container sees it
  std::uint32_t gid = 0;
  mode_t mode = 0644;
  timespec modified{};
  std::map<std::string, std::string> xattrs; ///< user.* and security.capability
};

/// A root filesystem being made. Every path is opened anew beneath the root without following a symbolic link
/// (openat2: RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, RESOLVE_NO_XDEV): whatever a layer puts there, nothing outside is
/// read, written or removed. All functions throw support::Error.
class Rootfs {
public:
  /// `folder` exists, is empty and ours. `owners` says which id here stands for which id of the container; without any,
  /// ownership stays ours, and folders stay open to us (for a process that may not chown).
  Rootfs(const std::filesystem::path& folder, std::vector<IdMapping> uids, std::vector<IdMapping> gids);

  /// Makes folder `path`, or gives it new attributes. What is there and no folder is removed.
  void folder(const EntryPath& path, const Attributes& attributes);
  /// Makes an empty file in the place of whatever is there, for content().
  support::Fd file(const EntryPath& path);
  /// Gives a file that was made by file() its attributes.
  void finish(const EntryPath& path, const support::Fd& file, const Attributes& attributes);
  void symbolic_link(const EntryPath& path, const std::string& target, const Attributes& attributes);
  void hard_link(const EntryPath& path, const EntryPath& target);
  void fifo(const EntryPath& path, const Attributes& attributes);
  /// Removes `name` below folder `path` with all that is in it. Nothing happens when it is not there.
  void remove(const EntryPath& path);
  /// Removes what folder `path` holds, except the paths for which `keep` is true.
  void clear(const EntryPath& path, const std::function<bool(const std::string& path)>& keep);

private:
  int parent(const EntryPath& path, bool make);
  support::Fd open_folder(const std::vector<std::string>& folders, bool make);
  void own(int fd, const Attributes& attributes, const EntryPath& path) const;
  std::uint32_t mapped(std::uint32_t id, const std::vector<IdMapping>& map, const EntryPath& path) const;
  void clear_open(int fd, const std::string& path, const std::function<bool(const std::string&)>& keep, int depth);

  support::Fd m_root;
  std::vector<IdMapping> m_uids;
  std::vector<IdMapping> m_gids;
  std::vector<std::string> m_last; ///< the folder that was opened last; entries of one folder follow each other
  support::Fd m_last_fd;
};

} // namespace agentbox::oci::bundle
