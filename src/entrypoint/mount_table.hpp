// SPDX-License-Identifier: Apache-2.0
// What is mounted in the box, and what must be.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "protocol/protocol.hpp"

namespace agentbox::entrypoint {

/// One line of /proc/self/mountinfo (proc_pid_mountinfo(5)), with the path as it is spelled there.
struct MountEntry {
  std::uint64_t id = 0;
  std::string_view path;
  std::string_view type; ///< of the file system
  bool read_only = false;
};

/// One line of AGENTBOX_MOUNTS (protocol.hpp), with the path as it is spelled in /proc/self/mountinfo.
struct ExpectedMount {
  enum class Kind : std::uint8_t { visible, covered, optional } kind = Kind::visible;
  bool read_only = false;
  bool through_links = false; ///< links in the image may redirect it
  std::optional<protocol::FileId> id;
  std::string_view path;
};

struct MountProblem {
  enum class Kind : std::uint8_t { unlisted, missing } kind = Kind::unlisted;
  std::string_view path;
};

/// Parses one line. Returns nothing if it is malformed. Pure.
std::optional<MountEntry> read_mount_entry(std::string_view line);
std::optional<ExpectedMount> read_expected_mount(std::string_view line);

/// Returns a mount that is missing or that no line lists, if any: each path must be mounted as often as lines list it,
/// optional ones at most as often. Below /sys kernel file systems are not compared, because the OCI runtime may bind
/// the host's. Sorts both by path.
std::optional<MountProblem> compare_mounts(std::span<MountEntry> mounts, std::span<ExpectedMount> expected);

/// Returns the entry with this path, or null. `mounts` must be sorted by path.
const MountEntry* find_mount(std::span<const MountEntry> mounts, std::string_view path);

} // namespace agentbox::entrypoint
