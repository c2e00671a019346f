// SPDX-License-Identifier: Apache-2.0
#include "generate/output_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "generate/record.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::generate {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;

constexpr mode_t k_private = 0700;
constexpr mode_t k_public = 0755;
constexpr unsigned k_rename_noreplace = 1; // linux/fs.h; <stdio.h> has it only for some
constexpr unsigned k_rename_exchange = 2;

bool rename_with(const fs::path& from, const fs::path& to, unsigned flags) {
  return syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) == 0;
}

Error not_writable(const fs::path& folder, int error) {
  return support::system_error(ExitCode::failed, "cannot write to " + folder.string(), error,
                               "choose another --output");
}

/// Whether `folder` holds nothing but a set of ours as it was written.
bool is_untouched_set(const fs::path& folder) {
  if (!fs::exists(folder / k_record_file)) {
    return false;
  }
  const Record record = read_record(folder);
  if (!changed_by_hand(record, folder).empty()) {
    return false;
  }
  // And what a bundle's `start` leaves.
  std::set<std::string> known = {k_record_file, "run", "firewall.pid", "uplink.pid", "uplink.log"};
  for (const auto& [name, digest] : record.files) {
    known.insert(fs::path(name).begin()->string());
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (!known.contains(entry.path().filename().string())) {
      return false;
    }
  }
  return true;
}

/// A folder that is too much to be replaced: `what` it is, or nothing.
std::string precious(const fs::path& folder) {
  if (folder == folder.root_path()) {
    return "the root folder";
  }
  if (folder == fs::weakly_canonical(support::home_folder())) {
    return "your home folder";
  }
  const fs::path here = fs::current_path();
  for (fs::path above = here; above != above.root_path(); above = above.parent_path()) {
    if (above == folder) {
      return above == here ? "the folder you are in" : "a folder above the one you are in";
    }
  }
  return {};
}

void check_existing(const fs::path& folder, const struct stat& info, bool force) {
  if (!S_ISDIR(info.st_mode)) {
    throw Error(ExitCode::refused, support::in_quotes(folder.string()) + " exists and is no folder",
                "choose another --output");
  }
  if (info.st_uid != geteuid()) {
    throw Error(ExitCode::refused, support::in_quotes(folder.string()) + " belongs to somebody else",
                "choose another --output");
  }
  if (!force && !fs::is_empty(folder) && !is_untouched_set(folder)) {
    throw Error(ExitCode::refused, support::in_quotes(folder.string()) + " has other files in it",
                "choose another --output, or replace what the new set names and keep the rest: --force");
  }
}

} // namespace

fs::path resolve_output(const fs::path& text) {
  fs::path path = fs::absolute(text).lexically_normal();
  if (path.filename().empty()) { // a slash at the end
    path = path.parent_path();
  }
  return path == path.root_path() ? path : fs::weakly_canonical(path.parent_path()) / path.filename();
}

OutputFolder::OutputFolder(const fs::path& folder, bool force, bool private_set, RemoveTree remove_tree)
    : m_folder(folder), m_remove_tree(std::move(remove_tree)) {
  if (const std::string what = precious(folder); !what.empty()) {
    throw Error(ExitCode::refused, support::in_quotes(folder.string()) + " is " + what,
                "choose a folder of its own as --output");
  }
  struct stat info {};
  m_exists = lstat(folder.c_str(), &info) == 0;
  if (m_exists) {
    check_existing(folder, info, force);
  }
  std::error_code error;
  fs::create_directories(folder.parent_path(), error);
  std::string aside = folder.parent_path() / ("." + folder.filename().string() + ".agentbox-XXXXXX");
  if (error || mkdtemp(aside.data()) == nullptr) {
    throw not_writable(folder.parent_path(), error ? error.value() : errno);
  }
  m_aside = aside;
  chmod(m_aside.c_str(), private_set ? k_private : k_public);
}

OutputFolder::~OutputFolder() {
  if (m_aside.empty()) {
    return;
  }
  try {
    m_remove_tree(m_aside);
  } catch (const std::exception& error) {
    spdlog::error("{} is left over: {}", m_aside.string(), error.what());
  }
}

void OutputFolder::write(const oci::GeneratedSet& set) const {
  for (const oci::GeneratedFile& file : set) {
    const fs::path path = m_aside / file.path;
    fs::create_directories(path.parent_path());
    support::write_file(path, file.content, file.mode);
  }
}

/// What the new set does not name stays.
void OutputFolder::keep_other_files() const {
  for (const fs::directory_entry& entry : fs::directory_iterator(m_aside)) { // the old folder by now
    const fs::path to = m_folder / entry.path().filename();
    if (!rename_with(entry.path(), to, k_rename_noreplace) && errno != EEXIST) {
      throw support::system_error(ExitCode::failed,
                                  "cannot move " + entry.path().string() + " back to " + m_folder.string(), errno);
    }
  }
}

void OutputFolder::commit() {
  if (!rename_with(m_aside, m_folder, m_exists ? k_rename_exchange : k_rename_noreplace)) {
    throw not_writable(m_folder, errno);
  }
  if (m_exists) {
    const bool ours = is_untouched_set(m_aside);
    if (!ours) {
      const fs::path old = m_aside;
      try {
        keep_other_files();
      } catch (...) {
        m_aside.clear(); // what could not be moved must not be removed
        throw;
      }
    }
    m_remove_tree(m_aside);
  }
  m_aside.clear();
}

} // namespace agentbox::generate
