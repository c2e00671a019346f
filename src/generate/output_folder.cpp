// SPDX-License-Identifier: Apache-2.0
#include "generate/output_folder.hpp"

#include <cerrno>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include "generate/output_record.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::generate {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ExitCode;

constexpr mode_t k_private = 0700;
constexpr mode_t k_public = 0755;

Error not_writable(const fs::path& folder, int error) {
  return support::system_error(ExitCode::failed, "cannot write to " + folder.string(), error,
                               "choose another --output");
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
  if (error) {
    throw not_writable(folder.parent_path(), error.value());
  }
  m_aside = Aside::make(folder);
  chmod(aside().c_str(), private_set ? k_private : k_public);
}

OutputFolder::~OutputFolder() {
  if (!m_aside || m_holds_old) {
    return;
  }
  try {
    m_aside->remove(m_remove_tree);
  } catch (const std::exception& error) {
    spdlog::error("{} is left over: {}", m_aside->path().string(), error.what());
  }
}

void OutputFolder::write(const oci::GeneratedSet& set) const {
  for (const oci::GeneratedFile& file : set) {
    const fs::path path = aside() / file.path;
    fs::create_directories(path.parent_path());
    support::write_file(path, file.content, file.mode);
  }
}

/// What the new set does not name stays.
void OutputFolder::keep_other_files() const {
  for (const fs::directory_entry& entry : fs::directory_iterator(m_aside->exchanged())) { // the old folder by now
    const fs::path to = m_folder / entry.path().filename();
    if (!rename_with(entry.path(), to, k_rename_noreplace) && errno != EEXIST) {
      throw support::system_error(ExitCode::failed,
                                  "cannot move " + entry.path().string() + " back to " + m_folder.string(), errno);
    }
  }
}

void OutputFolder::put_in_place() {
  if (!m_exists) {
    if (!rename_with(aside(), m_folder, k_rename_noreplace)) {
      throw not_writable(m_folder, errno);
    }
    return;
  }
  if (!m_aside->rename_part(k_new_set, k_exchanged) ||
      !rename_with(m_aside->exchanged(), m_folder, k_rename_exchange)) {
    throw not_writable(m_folder, errno);
  }
  m_holds_old = true; // what cannot be moved back must not be removed
  if (!is_untouched_set(m_aside->exchanged())) {
    keep_other_files();
  }
  if (!m_aside->rename_part(k_exchanged, k_rubbish)) {
    throw not_writable(m_aside->path(), errno);
  }
  m_holds_old = false;
}

void OutputFolder::commit() {
  put_in_place();
  m_aside->remove(m_remove_tree);
  m_aside.reset();
}

} // namespace agentbox::generate
