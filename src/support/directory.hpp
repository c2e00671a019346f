// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <dirent.h>
#include <memory>

namespace agentbox::support {

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};
/// A directory that is being read (readdir(3)); closed by its destructor.
using Directory = std::unique_ptr<DIR, CloseDirectory>;

} // namespace agentbox::support
