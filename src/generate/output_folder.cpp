// SPDX-License-Identifier: Apache-2.0
#include "generate/output_folder.hpp"

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

/// Opens and locks directory `path` of this user. Returns nothing if it is locked, or the file system has no locks.
Fd open_locked(const fs::path& path) {
  Fd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info {};
  const bool ours = fd && fstat(fd.get(), &info) == 0 && info.st_uid == geteuid();
  return ours && flock(fd.get(), LOCK_EX | LOCK_NB) == 0 ? std::move(fd) : Fd();
}

bool mark_unfinished(const fs::path& folder) {
  const Fd fd(open((folder / k_unfinished_file).c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  return fd || errno == ELOOP;
}

Error not_writable(const fs::path& folder, int error) {
  return support::system_error(ExitCode::failed, "cannot write to " + folder.string(), error,
                               "choose another --output");
}

/// Returns what `folder` is when it must not be replaced, or nothing.
std::string precious(const fs::path& folder) {
  if (folder == folder.root_path()) {
    return "the root directory";
  }
  if (folder == fs::weakly_canonical(support::home_folder())) {
    return "your home directory";
  }
  const fs::path here = fs::current_path();
  for (fs::path above = here; above != above.root_path(); above = above.parent_path()) {
    if (above == folder) {
      return above == here ? "the working directory" : "above the working directory";
    }
  }
  return {};
}

void check_existing(const fs::path& folder, const struct stat& info, bool force) {
  if (!S_ISDIR(info.st_mode)) {
    throw Error(ExitCode::refused, support::in_quotes(folder.string()) + " exists and is not a directory",
                "choose another --output");
  }
  if (info.st_uid != geteuid()) {
    throw Error(ExitCode::refused, support::in_quotes(folder.string()) + " belongs to another user",
                "choose another --output");
  }
  if (!force && !fs::is_empty(folder) && !is_untouched_set(folder)) {
    throw Error(ExitCode::refused, support::in_quotes(folder.string()) + " has other files in it",
                "choose another --output; --force replaces the files that the new set names and keeps the rest");
  }
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

OutputFolder::OutputFolder(const fs::path& folder, bool force, bool private_set, RemoveTree remove_tree)
    : m_folder(folder), m_remove_tree(std::move(remove_tree)) {
  if (const std::string what = precious(folder); !what.empty()) {
    throw Error(ExitCode::refused, support::in_quotes(folder.string()) + " is " + what,
                "choose a directory of its own as --output");
  }
  struct stat info {};
  m_exists = lstat(folder.c_str(), &info) == 0;
  if (m_exists) {
    check_existing(folder, info, force);
  }
  std::error_code error;
  fs::create_directories(folder.parent_path(), error);
  if (error) {
    throw not_writable(folder.parent_path(), error.value());
  }
  remove_leftovers();
  std::string path = folder.parent_path() / (prefix_for(folder) + "XXXXXX");
  if (mkdtemp(path.data()) == nullptr) {
    throw not_writable(folder.parent_path(), errno);
  }
  m_lock = open_locked(path);
  m_temporary = std::move(path);
  if (!m_lock || !mark_unfinished(m_temporary) || chmod(m_temporary.c_str(), private_set ? k_private : k_public) != 0) {
    throw not_writable(m_temporary, errno);
  }
}

OutputFolder::~OutputFolder() {
  if (m_temporary.empty()) {
    return;
  }
  try {
    remove_set(m_temporary);
  } catch (const std::exception& error) {
    spdlog::error("cannot remove {}: {}", m_temporary.string(), error.what());
  }
}

void OutputFolder::remove_leftovers() {
  constexpr std::size_t k_max_lines = 10; // a box may have filled the project with such names
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(m_folder.parent_path())) {
    if (is_temporary_name(m_folder, entry.path().filename().string())) {
      found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  for (const fs::path& path : found) {
    const Fd lock = open_locked(path);
    if (!lock) {
      continue; // in use, not ours, or not a directory
    }
    std::string why = "it may hold what was in " + m_folder.string() + " before; move what you miss, then remove it";
    try {
      if (fs::is_empty(path) || fs::exists(path / k_unfinished_file) || is_untouched_set(path)) {
        remove_set(path);
        continue;
      }
    } catch (const std::exception& error) {
      why = support::escape_untrusted(error.what());
    }
    if (m_kept.size() < k_max_lines) {
      m_kept.push_back(path.string() +
                       " looks like a leftover of an agentbox generate that was killed, but is kept: " + why);
    }
  }
}

/// The marker goes last: whoever is killed meanwhile leaves something that the next run removes.
void OutputFolder::remove_set(const fs::path& path) const {
  mark_unfinished(path);
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    if (entry.path().filename() != k_unfinished_file) {
      m_remove_tree(entry.path());
    }
  }
  m_remove_tree(path);
}

void OutputFolder::write(const oci::GeneratedSet& set) const {
  for (const oci::GeneratedFile& file : set) {
    const fs::path path = m_temporary / file.path;
    fs::create_directories(path.parent_path());
    support::write_file(path, file.content, file.mode);
  }
}

/// Moves what the new set does not name back from the `old` directory.
void OutputFolder::keep_other_files(const fs::path& old) const {
  for (const fs::directory_entry& entry : fs::directory_iterator(old)) {
    const fs::path to = m_folder / entry.path().filename();
    if (renameat2(AT_FDCWD, entry.path().c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0 && errno != EEXIST) {
      throw support::system_error(ExitCode::failed,
                                  "cannot move " + entry.path().string() + " back to " + m_folder.string(), errno);
    }
  }
}

void OutputFolder::commit() {
  if (unlink((m_temporary / k_unfinished_file).c_str()) != 0 ||
      renameat2(AT_FDCWD, m_temporary.c_str(), AT_FDCWD, m_folder.c_str(),
                m_exists ? RENAME_EXCHANGE : RENAME_NOREPLACE) != 0) {
    throw not_writable(m_folder, errno);
  }
  const fs::path old = std::exchange(m_temporary, {}); // what cannot be moved back must not be removed
  if (!m_exists) {
    return;
  }
  const Fd lock = open_locked(old); // so that no other run removes it
  if (!is_untouched_set(old)) {
    keep_other_files(old);
  }
  remove_set(old);
}

} // namespace agentbox::generate
