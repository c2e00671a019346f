// SPDX-License-Identifier: Apache-2.0
#include "generate/output_directory.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "generate/output_record.hpp"
#include "generate/pinned_directory.hpp"
#include "oci/bundle/bundle.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::generate {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;
using support::Fd;

constexpr mode_t k_private = 0700;
constexpr mode_t k_public = 0755;

std::string prefix_for(const fs::path& output) {
  return "." + output.filename().string() + ".agentbox-";
}

bool is_ours(const Fd& directory) {
  struct stat info {};
  return fstat(directory.get(), &info) == 0 && info.st_uid == geteuid();
}

bool lock(const Fd& directory) {
  return flock(directory.get(), LOCK_EX | LOCK_NB) == 0;
}

/// Returns, after a failed lock(), whether the file system has no locks (NFS, FUSE). There no run removes what another
/// one left.
bool has_no_locks() {
  return errno == ENOLCK || errno == EOPNOTSUPP;
}

bool mark_unfinished(const Fd& directory) {
  // O_NONBLOCK: a FIFO of that name must not block.
  const Fd fd(
      openat(directory.get(), k_unfinished_file, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  return fd || errno == ELOOP;
}

bool is_marked(const Fd& directory) {
  struct stat info {};
  return fstatat(directory.get(), k_unfinished_file, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

/// Returns whether everything in `directory` is ours.
bool is_replaceable(const Fd& directory) {
  return fs::is_empty(path_of(directory)) || is_untouched_set(path_of(directory));
}

Error not_writable(const fs::path& directory, int error) {
  return support::system_error(ExitCode::failed, "cannot write to " + directory.string(), error,
                               "choose another --output");
}

/// Returns why `directory` must not be replaced ("the home directory"), or nothing.
std::string reason_to_keep(const fs::path& directory) {
  if (directory == directory.root_path()) {
    return "the root directory";
  }
  if (directory == fs::weakly_canonical(support::home_directory())) {
    return "your home directory";
  }
  const fs::path here = fs::current_path();
  for (fs::path above = here; above != above.root_path(); above = above.parent_path()) {
    if (above == directory) {
      return above == here ? "the working directory" : "above the working directory";
    }
  }
  return {};
}

} // namespace

fs::path resolve_output(const fs::path& text) {
  fs::path path = fs::absolute(text).lexically_normal();
  if (path.filename().empty()) { // trailing slash
    path = path.parent_path();
  }
  return path == path.root_path() ? path : fs::weakly_canonical(path.parent_path()) / path.filename();
}

bool is_temporary_name(const fs::path& output, std::string_view name) {
  constexpr std::size_t k_random_letters = 6; // of mkdtemp(3)
  const std::string prefix = prefix_for(output);
  const std::string_view random = name.substr(std::min(prefix.size(), name.size()));
  return name.starts_with(prefix) && random.size() == k_random_letters &&
         std::all_of(random.begin(), random.end(), [](unsigned char letter) { return std::isalnum(letter) != 0; });
}

OutputDirectory::OutputDirectory(const fs::path& directory, bool force, RemoveContent remove_content)
    : m_directory(directory), m_force(force), m_remove_content(std::move(remove_content)) {
  if (const std::string what = reason_to_keep(directory); !what.empty()) {
    throw Error(ExitCode::refused, support::in_quotes(directory.string()) + " is " + what,
                "choose a separate directory as --output");
  }
  std::error_code error;
  fs::create_directories(directory.parent_path(), error);
  if (error) {
    throw not_writable(directory.parent_path(), error.value());
  }
  m_parent = Fd(open(directory.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!m_parent) {
    throw not_writable(directory.parent_path(), errno);
  }
}

// Delegates: when this throws, the destructor runs.
OutputDirectory::OutputDirectory(const fs::path& directory, bool force, bool private_set, RemoveContent remove_content)
    : OutputDirectory(directory, force, std::move(remove_content)) {
  open_old();
  remove_leftovers();
  make_temporary();
  if (!mark_unfinished(m_new) || fchmod(m_new.get(), private_set ? k_private : k_public) != 0) {
    throw not_writable(m_temporary, errno);
  }
}

OutputDirectory::~OutputDirectory() {
  if (m_temporary.empty()) {
    return;
  }
  try {
    remove_set(m_new, m_temporary.filename());
  } catch (const std::exception& error) {
    spdlog::error("cannot remove {}: {}", m_temporary.string(), error.what());
  }
}

void OutputDirectory::open_old() {
  struct stat info {};
  if (fstatat(m_parent.get(), m_directory.filename().c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return;
  }
  const auto refused = [&](const std::string& why, const std::string& hint) {
    return Error(ExitCode::refused, support::in_quotes(m_directory.string()) + why, "choose another --output" + hint);
  };
  if (!S_ISDIR(info.st_mode)) {
    throw refused(" exists and is not a directory", "");
  }
  if (info.st_uid != geteuid()) {
    throw refused(" belongs to another user", "");
  }
  m_old = open_directory(m_parent, m_directory.filename());
  if (!m_old) {
    throw not_writable(m_directory, errno);
  }
  if (!m_force && !is_replaceable(m_old)) {
    throw refused(" has other files in it", "; --force replaces the files that the new set names and keeps the rest");
  }
}

// Another run may remove the directory before it is locked, in which case another one is made.
void OutputDirectory::make_temporary() {
  constexpr int k_max_tries = 100;
  int error = 0;
  for (int tries = 0; tries < k_max_tries; ++tries) {
    std::string path = path_of(m_parent) / (prefix_for(m_directory) + "XXXXXX");
    if (mkdtemp(path.data()) == nullptr) {
      throw not_writable(m_directory.parent_path(), errno);
    }
    const std::string name = fs::path(path).filename();
    m_new = open_directory(m_parent, name);
    const bool locked = m_new && (lock(m_new) || has_no_locks());
    error = errno;
    if (locked && is_at(m_new, m_parent, name)) {
      m_temporary = m_directory.parent_path() / name;
      return;
    }
    unlinkat(m_parent.get(), name.c_str(), AT_REMOVEDIR);
  }
  throw not_writable(m_directory.parent_path(), error);
}

void OutputDirectory::remove_leftovers() {
  constexpr std::size_t k_max_lines = 10; // a box may have filled the project with such names
  std::vector<std::string> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_of(m_parent))) {
    if (is_temporary_name(m_directory, entry.path().filename().string())) {
      found.push_back(entry.path().filename());
    }
  }
  std::sort(found.begin(), found.end());
  for (const std::string& name : found) {
    const Fd directory = open_directory(m_parent, name);
    if (!directory || !is_ours(directory) || !lock(directory)) {
      continue; // in use, not ours, or not a directory
    }
    std::string why =
        "it may contain the previous contents of " + m_directory.string() + "; move what you need, then remove it";
    try {
      if (is_marked(directory) || is_replaceable(directory)) {
        remove_set(directory, name);
        continue;
      }
    } catch (const std::exception& error) {
      why = support::escape_untrusted(error.what());
    }
    if (m_kept.size() < k_max_lines) {
      m_kept.push_back((m_directory.parent_path() / name).string() +
                       " looks like a leftover of an agentbox generate that was killed, but is kept: " + why);
    }
  }
}

// The marker goes last: a killed process leaves something that the next run removes.
void OutputDirectory::remove_set(const Fd& directory, const std::string& name) const {
  mark_unfinished(directory);
  m_remove_content(directory, m_directory.parent_path() / name);
  unlinkat(directory.get(), k_unfinished_file, 0);
  if (unlinkat(m_parent.get(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
    throw support::system_error(ExitCode::failed, "cannot remove directory " + name, errno);
  }
}

void OutputDirectory::write(const oci::GeneratedSet& set) const {
  for (const oci::GeneratedFile& file : set) {
    const fs::path path(file.path);
    const Fd directory = make_directories(m_new, path.parent_path());
    support::write_file(path_of(directory) / path.filename(), file.content, file.mode);
  }
}

void OutputDirectory::commit() {
  const std::string output = m_directory.filename();
  const std::string temporary = m_temporary.filename();
  if (unlinkat(m_new.get(), k_unfinished_file, 0) != 0 ||
      renameat2(m_parent.get(), temporary.c_str(), m_parent.get(), output.c_str(),
                m_old ? RENAME_EXCHANGE : RENAME_NOREPLACE) != 0) {
    throw not_writable(m_directory, errno);
  }
  m_temporary.clear();
  if (!is_at(m_new, m_parent, output)) {
    throw Error(ExitCode::failed, support::in_quotes(m_directory.string()) + " changed while it was being replaced",
                "stop the program that writes there, then generate again");
  }
  if (m_old) {
    remove_old(temporary);
  }
}

/// Removes what the exchange left as `name`. The new set is in place, so nothing here is an error.
void OutputDirectory::remove_old(const std::string& name) {
  std::string why = "it was changed in the meantime";
  try {
    const Fd old = open_directory(m_parent, name);
    if (old && !lock(old) && !has_no_locks()) {
      why = "another process uses it";
    } else if (old && is_replaceable(old)) {
      return remove_set(old, name);
    } else if (m_force && is_at(m_old, m_parent, name)) {
      move_missing(m_old, m_new, {oci::k_agent_rootfs, oci::k_firewall_rootfs});
      return remove_set(m_old, name);
    }
  } catch (const std::exception& error) {
    why = support::escape_untrusted(error.what());
  }
  m_kept.push_back((m_directory.parent_path() / name).string() + " contains what was in " + m_directory.string() +
                   " before, and is kept: " + why);
}

} // namespace agentbox::generate
