// SPDX-License-Identifier: Apache-2.0
#include "boxes/registry.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "protocol/protocol.hpp"
#include "support/error.hpp"
#include "support/fifo.hpp"
#include "support/file.hpp"
#include "support/signals.hpp"

namespace agentbox::boxes {
namespace fs = std::filesystem;
namespace {

using support::Error;
using support::ExitCode;
using support::Fd;
using support::system_error;

Fd open_lock(const fs::path& path, int flags) {
  return Fd(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600));
}

/// Held while folders appear or are judged: between mkdir and flock a new session would look like a dead one.
Fd lock_registry() {
  support::make_private_folder(sessions_folder());
  Fd fd = open_lock(sessions_folder() / ".lock", O_CREAT);
  const fs::path path = sessions_folder() / ".lock";
  if (!fd) {
    throw system_error(ExitCode::failed, "cannot open " + path.string(), errno);
  }
  support::lock_exclusively(fd, path.string());
  return fd;
}

/// The session's lock when nobody holds it.
std::optional<Fd> take_lock(const SessionPaths& paths) {
  Fd fd = open_lock(paths.lock(), O_CREAT);
  if (!fd || flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return std::nullopt;
  }
  return fd;
}

std::vector<std::string> folder_names() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(sessions_folder(), error)) {
    if (entry.is_directory(error) && !entry.is_symlink(error)) {
      names.push_back(entry.path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string claim_text(const WorkspaceClaim& workspace) {
  return protocol::to_text({workspace.device, workspace.inode}) + "\n";
}

/// The living box that works in the folder, if any but `except`. The registry is locked.
std::optional<std::string> box_in(const WorkspaceClaim& workspace, const std::string& except = {}) {
  for (std::string& name : folder_names()) {
    const SessionPaths paths = session_paths(name);
    const bool same =
        name != except && support::read_file_if_exists(paths.workspace(), 64).value_or("") == claim_text(workspace);
    if (same && !take_lock(paths)) {
      return std::move(name);
    }
  }
  return std::nullopt;
}

} // namespace

void require_runtime_folder() {
  const char* folder = std::getenv("XDG_RUNTIME_DIR");
  struct stat info {};
  if (folder == nullptr || folder[0] != '/' ||
      (stat(folder, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid())) {
    return; // unset and relative values are ignored, and runtime_folder() has another
  }
  throw Error(ExitCode::refused, std::string("XDG_RUNTIME_DIR names ") + folder + ", which is no folder of yours",
              "unset it, or log in anew (su and sudo keep the other user's)");
}

Claim claim_session(const std::string& name, const WorkspaceClaim& workspace) {
  const Fd registry = lock_registry();
  const SessionPaths paths = session_paths(name);
  if (const auto other = workspace.shared ? std::nullopt : box_in(workspace)) {
    throw Error(ExitCode::refused, "the box \"" + *other + "\" works in this folder already",
                "join it: agentbox shell " + *other + "; end it: agentbox stop " + *other +
                    "; or have two in one folder: --share-workspace");
  }
  if (mkdir(paths.folder.c_str(), 0700) != 0) {
    if (errno == EEXIST) {
      throw NameTaken(ExitCode::failed, "a box named \"" + name + "\" is already running",
                      "choose another --name, or: agentbox stop " + name);
    }
    throw system_error(ExitCode::failed, "cannot create the folder " + paths.folder.string(), errno);
  }
  auto lock = take_lock(paths);
  if (!lock) {
    throw system_error(ExitCode::failed, "cannot lock " + paths.lock().string(), errno);
  }
  support::write_file(paths.workspace(), claim_text(workspace)); // before the registry is free: the next one reads it
  return {paths, *std::move(lock)};
}

void when_alone_in(const std::string& name, const WorkspaceClaim& workspace, const std::function<void()>& act) {
  const Fd registry = lock_registry();
  if (!box_in(workspace, name)) {
    act();
  }
}

std::vector<Found> find_sessions() {
  if (!fs::exists(sessions_folder())) {
    return {};
  }
  const Fd registry = lock_registry();
  std::vector<Found> sessions;
  for (const std::string& name : folder_names()) {
    const SessionPaths paths = session_paths(name);
    // Taken and given back at once when nobody holds it.
    const bool alive = !take_lock(paths);
    sessions.push_back(
        {name, paths, alive, record_from_json(support::read_file_if_exists(paths.record(), 1U << 16U).value_or(""))});
  }
  return sessions;
}

std::vector<Claim> claim_dead_sessions() {
  std::error_code error;
  if (!fs::exists(sessions_folder(), error)) {
    return {};
  }
  const Fd registry = lock_registry();
  std::vector<Claim> dead;
  for (const std::string& name : folder_names()) {
    const SessionPaths paths = session_paths(name);
    if (auto lock = take_lock(paths)) {
      dead.push_back({paths, *std::move(lock)});
    }
  }
  return dead;
}

void remove_session_folder(const SessionPaths& paths) {
  const Fd registry = lock_registry();          // half a folder has a free lock, and would look like a dead launcher's
  support::release_fifo(paths.pod_name_fifo()); // a Podman may wait there for a launcher that died
  std::error_code error;
  fs::remove_all(paths.folder, error); // symbolic links are removed, not followed
  if (error) {
    throw Error(ExitCode::failed, "cannot remove " + paths.folder.string() + ": " + error.message());
  }
}

} // namespace agentbox::boxes
