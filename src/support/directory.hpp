// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstring>
#include <dirent.h>
#include <memory>

#include "support/fd.hpp"

namespace agentbox::support {

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};
/// A directory that is being read (readdir(3)); closed by its destructor.
using Directory = std::unique_ptr<DIR, CloseDirectory>;

/// Opens directory `fd`, of which it takes ownership, for reading; empty with errno when it is not one.
inline Directory read_directory(Fd fd) {
  Directory directory(fd ? fdopendir(fd.get()) : nullptr);
  if (directory) {
    static_cast<void>(fd.release()); // the DIR's now
  }
  return directory;
}

/// Returns the next entry of `directory` but "." and ".."; nullptr at the end.
inline const dirent* next_entry(const Directory& directory) {
  const dirent* entry = readdir(directory.get());
  while (entry != nullptr && (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0)) {
    entry = readdir(directory.get());
  }
  return entry;
}

} // namespace agentbox::support
