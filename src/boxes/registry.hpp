// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "boxes/session_paths.hpp"
#include "boxes/session_record.hpp"
#include "protocol/protocol.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"

namespace agentbox::boxes {

/// The right to change and remove a session directory. A launcher holds the `lock` of its own session, a sweeper the
/// `sweep-lock` of one whose launcher is dead. Both are flock(2) on descriptors that no child inherits, so they end
/// with the process, however it ends.
struct Claim {
  SessionPaths paths;
  support::Fd lock;
  support::Fd directory; ///< O_PATH: keeps the inode, so that another directory of this name is never mistaken for it
};

/// Throws Error(refused) naming XDG_RUNTIME_DIR when it is not a directory of this user: without one neither the
/// session nor Podman can store its files.
void require_runtime_directory();

/// The directory that a box works in, by device and inode, independent of its name.
struct WorkspaceClaim {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool shared = false; ///< --share-workspace: other boxes may work in it
};

/// The error for a name that another box has.
class NameTaken : public support::Error {
  using support::Error::Error;
};

/// Makes the session directory of box `name` (0700) and takes its lock. Throws NameTaken (failed) when there is a box
/// of that name, and Error(refused) when a box works in the same directory and the workspace is not `shared`. `mounts`
/// are the other directories that the box may write to.
Claim claim_session(const std::string& name, const WorkspaceClaim& workspace,
                    const std::vector<protocol::FileId>& mounts = {});

/// Calls `act` unless a box other than that of `claim` runs with `directory` as its workspace or a writable mount.
/// No box can start during the call.
void when_alone_in(const Claim& claim, const protocol::FileId& directory, const std::function<void()>& act);

/// A session directory as another process finds it.
struct FoundSession {
  std::string name;
  SessionPaths paths;
  bool alive = false;                  ///< its launcher holds the lock; false while a sweeper is at work
  std::optional<SessionRecord> record; ///< none: not written yet, or damaged
};

/// Returns every session, sorted by name.
std::vector<FoundSession> find_sessions();

/// Returns a descriptor (pidfd_open(2)) of the process that holds the lock of session `name`; none when nobody does, or
/// when its process is not visible from here.
support::Fd open_launcher(const std::string& name);

/// Selects what to do about a dead session that another sweeper has claimed.
enum class IfClaimed { skip, wait };

/// Claims the session of a dead launcher. None when the launcher lives, when the session is gone, or when another
/// process has claimed it and it is to be skipped.
std::optional<Claim> claim_dead_session(const std::string& name, IfClaimed if_claimed);

/// Returns whether the directory at the path of `claim` is still the claimed one.
bool is_current(const Claim& claim);

/// Removes the claimed directory and everything below it; never follows symbolic links. Renames it first, so that the
/// name becomes free atomically. Does nothing when another directory replaced it. Throws Error(failed).
void remove_session(const Claim& claim);

} // namespace agentbox::boxes
