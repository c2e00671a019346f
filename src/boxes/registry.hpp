// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "boxes/session_paths.hpp"
#include "boxes/session_record.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"

namespace agentbox::boxes {

/// A session folder that is ours as long as this lives. The lock's descriptor is never inherited: a launcher that was
/// killed frees it, whatever its children do.
struct Claim {
  SessionPaths paths;
  support::Fd lock;
};

/// Throws Error(refused) naming XDG_RUNTIME_DIR when it names no folder of ours: neither the session nor Podman would
/// have a place for its files.
void require_runtime_folder();

/// The folder that a box works in, by device and inode, whatever it is called.
struct WorkspaceClaim {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool shared = false; ///< --share-workspace: other boxes may work in it
};

/// The error of a name that another box has.
class NameTaken : public support::Error {
  using support::Error::Error;
};

/// Makes the session folder of box `name` (0700) and takes its lock. Throws NameTaken (failed) when a box of that name
/// runs, and Error(refused) when a box works in the same folder and the workspace is not `shared`.
Claim claim_session(const std::string& name, const WorkspaceClaim& workspace);

/// Calls `act` unless another living box than `name` works in the folder. No box can begin to meanwhile.
void when_alone_in(const std::string& name, const WorkspaceClaim& workspace, const std::function<void()>& act);

/// A session folder as another call finds it.
struct Found {
  std::string name;
  SessionPaths paths;
  bool alive = false;                  ///< its launcher holds the lock
  std::optional<SessionRecord> record; ///< none: not written yet, or damaged
};

/// Every session folder, sorted by name.
std::vector<Found> find_sessions();

/// Takes over the folders of dead launchers (their lock is free), so that two sweepers never clean the same one.
std::vector<Claim> claim_dead_sessions();

/// Removes `paths.folder` and everything below it; never follows symbolic links. Throws Error(failed).
void remove_session_folder(const SessionPaths& paths);

} // namespace agentbox::boxes
