// SPDX-License-Identifier: Apache-2.0
#include "boxes/registry.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "support/fifo.hpp"
#include "support/file.hpp"
#include "support/lines.hpp"
#include "support/pidfd.hpp"
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

/// Locks the registry. Held while directories appear, disappear or are checked: between mkdir and flock a new session
/// would look dead.
Fd lock_registry() {
  support::make_private_directory(sessions_directory());
  Fd fd = open_lock(sessions_directory() / ".lock", O_CREAT);
  const fs::path path = sessions_directory() / ".lock";
  if (!fd) {
    throw system_error(ExitCode::failed, "cannot open " + path.string(), errno);
  }
  support::lock_exclusively(fd, path.string());
  return fd;
}

/// Returns the lock of a launcher if no process holds it. The registry must be locked.
std::optional<Fd> take_launcher_lock(const SessionPaths& paths) {
  Fd fd = open_lock(paths.lock(), O_CREAT);
  if (!fd || flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return std::nullopt;
  }
  return fd;
}

bool has_launcher(const SessionPaths& paths) {
  return !take_launcher_lock(paths); // released immediately
}

/// Names that begin with a dot are not boxes: the registry's lock, and directories that are being deleted.
constexpr std::string_view k_deleted_prefix = ".deleted-";

std::vector<std::string> directory_names() {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(sessions_directory(), error), end; !error && entry != end; entry.increment(error)) {
    std::string name = entry->path().filename().string();
    std::error_code gone;
    if (!name.starts_with('.') && entry->symlink_status(gone).type() == fs::file_type::directory) {
      names.push_back(std::move(name));
    }
  }
  if (error) { // an empty list would allow a second box in a workspace
    throw system_error(ExitCode::failed, "cannot read " + sessions_directory().string(), error.value());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Fd open_session(const SessionPaths& paths) {
  return Fd(open(paths.directory.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

/// The file `workspace` of a session names the workspace in its first line, the writable mounts in the others.
enum class Use { workspace, any };

bool uses(const SessionPaths& paths, const protocol::FileId& directory, Use use) {
  constexpr std::size_t k_max_claim = 1U << 20U;
  const std::string text = support::read_file_if_exists(paths.workspace(), k_max_claim).value_or("");
  const std::vector<std::string_view> lines = support::lines(text);
  const auto end = use == Use::workspace && !lines.empty() ? lines.begin() + 1 : lines.end();
  return std::find(lines.begin(), end, protocol::to_text(directory)) != end;
}

/// Returns a running box, other than that of `own`, that uses the directory. The registry must be locked.
std::optional<std::string> box_in(const protocol::FileId& directory, Use use, const Claim* own = nullptr) {
  for (std::string& name : directory_names()) {
    const SessionPaths paths = session_paths(name);
    if (own != nullptr && own->paths.directory == paths.directory && is_current(*own)) {
      continue;
    }
    if (uses(paths, directory, use) && has_launcher(paths)) {
      return std::move(name);
    }
  }
  return std::nullopt;
}

// One damaged record must not make the other boxes inaccessible.
std::optional<SessionRecord> read_record(const SessionPaths& paths) {
  try {
    return record_from_json(support::read_file_if_exists(paths.record(), 1U << 16U).value_or(""));
  } catch (const Error&) {
    return std::nullopt;
  }
}

NameTaken name_taken(const std::string& name, const SessionPaths& paths) {
  if (has_launcher(paths)) {
    return NameTaken(ExitCode::failed, "a box named \"" + name + "\" is already running",
                     "choose another --name, or: agentbox stop " + name);
  }
  return NameTaken(ExitCode::failed, "leftovers of an earlier box \"" + name + "\" could not be removed",
                   "choose another --name, or: agentbox rm " + name);
}

/// Removes `path` and everything below it. A compromised firewall may have left directories below run/ that not even we
/// may enter, so permissions are restored where removal fails; no other process uses the tree any more.
std::error_code delete_tree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error); // symbolic links are removed, not followed
  if (!error) {
    return error;
  }
  std::error_code ignored;
  const auto skip = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator entry(path, skip, ignored), end; entry != end; entry.increment(ignored)) {
    if (entry->symlink_status(ignored).type() == fs::file_type::directory) {
      chmod(entry->path().c_str(), S_IRWXU); // before the iterator enters it
    }
  }
  fs::remove_all(path, error);
  return error;
}

} // namespace

void require_runtime_directory() {
  const char* directory = std::getenv("XDG_RUNTIME_DIR");
  struct stat info {};
  if (directory == nullptr || directory[0] != '/' ||
      (stat(directory, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid())) {
    return; // unset and relative values are ignored: runtime_directory() has a fallback
  }
  throw Error(ExitCode::refused, std::string("XDG_RUNTIME_DIR (") + directory + ") is not a directory owned by you",
              "unset it, or log in again (su and sudo keep the previous user's)");
}

Claim claim_session(const std::string& name, const WorkspaceClaim& workspace,
                    const std::vector<protocol::FileId>& mounts) {
  const Fd registry = lock_registry();
  const SessionPaths paths = session_paths(name);
  const protocol::FileId directory{workspace.device, workspace.inode};
  if (const auto other = workspace.shared ? std::nullopt : box_in(directory, Use::workspace)) {
    throw Error(ExitCode::refused, "box \"" + *other + "\" already runs in this directory",
                "to join it: agentbox shell " + *other + "; to stop it: agentbox stop " + *other +
                    "; to run a second one: --share-workspace");
  }
  if (mkdir(paths.directory.c_str(), 0700) != 0) {
    if (errno == EEXIST) {
      throw name_taken(name, paths);
    }
    throw system_error(ExitCode::failed, "cannot create the directory " + paths.directory.string(), errno);
  }
  auto lock = take_launcher_lock(paths);
  const std::string pid = std::to_string(getpid()) + "\n"; // for open_launcher()
  if (!lock || write(lock->get(), pid.data(), pid.size()) != static_cast<ssize_t>(pid.size())) {
    throw system_error(ExitCode::failed, "cannot lock " + paths.lock().string(), errno);
  }
  std::string uses = protocol::to_text(directory) + "\n";
  for (const protocol::FileId& mount : mounts) {
    uses += protocol::to_text(mount) + "\n";
  }
  support::write_file(paths.workspace(), uses); // before the registry is unlocked: the next launcher reads it
  return {paths, *std::move(lock), open_session(paths)};
}

void when_alone_in(const Claim& claim, const protocol::FileId& directory, const std::function<void()>& act) {
  const Fd registry = lock_registry();
  if (!box_in(directory, Use::any, &claim)) {
    act();
  }
}

std::vector<FoundSession> find_sessions() {
  if (!fs::exists(sessions_directory())) {
    return {};
  }
  const Fd registry = lock_registry();
  std::vector<FoundSession> sessions;
  for (const std::string& name : directory_names()) {
    const SessionPaths paths = session_paths(name);
    sessions.push_back({name, paths, has_launcher(paths), read_record(paths)});
  }
  return sessions;
}

Fd open_launcher(const std::string& name) {
  const Fd registry = lock_registry();
  const SessionPaths paths = session_paths(name);
  const auto pid = support::read_pid(paths.lock());
  if (!pid) {
    return {};
  }
  Fd process = support::open_pidfd(*pid);
  // Checked after the descriptor is open: a launcher that holds its lock now has been running since.
  return has_launcher(paths) ? std::move(process) : Fd();
}

std::optional<Claim> claim_dead_session(const std::string& name, IfClaimed if_claimed) {
  const SessionPaths paths = session_paths(name);
  Claim claim{paths, {}, {}};
  {
    const Fd registry = lock_registry();
    claim.directory = open_session(paths);
    if (!claim.directory || has_launcher(paths)) {
      return std::nullopt;
    }
    claim.lock = open_lock(paths.sweep_lock(), O_CREAT);
    if (!claim.lock) {
      throw system_error(ExitCode::failed, "cannot open " + paths.sweep_lock().string(), errno);
    }
  }
  // Without the registry's lock: the other sweeper needs it to finish.
  while (flock(claim.lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      throw system_error(ExitCode::failed, "cannot lock " + paths.sweep_lock().string(), errno);
    }
    if (if_claimed == IfClaimed::skip) {
      return std::nullopt;
    }
    support::sleep_for(std::chrono::milliseconds(10)); // signals could not interrupt a blocking flock(2)
  }
  return is_current(claim) ? std::optional(std::move(claim)) : std::nullopt;
}

bool is_current(const Claim& claim) {
  struct stat own {};
  struct stat now {};
  return fstat(claim.directory.get(), &own) == 0 && lstat(claim.paths.directory.c_str(), &now) == 0 &&
         own.st_dev == now.st_dev && own.st_ino == now.st_ino;
}

void remove_session(const Claim& claim) {
  const Fd registry = lock_registry();
  if (!is_current(claim)) {
    return;
  }
  support::release_fifo(claim.paths.pod_name_fifo()); // a Podman may wait there for a launcher that died
  const fs::path deleted =
      sessions_directory() / (std::string(k_deleted_prefix) + claim.paths.directory.filename().string());
  std::error_code error = delete_tree(deleted); // left by a process that was killed here
  fs::rename(claim.paths.directory, deleted, error);
  if (!error) {
    error = delete_tree(deleted);
  }
  if (error) {
    throw Error(ExitCode::failed, "cannot remove " + claim.paths.directory.string() + ": " + error.message());
  }
}

} // namespace agentbox::boxes
