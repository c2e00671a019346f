// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>

#include "support/fd.hpp"

namespace agentbox::firewall::audit {

struct OwnFile {
  support::Fd fd;
  std::uint64_t size = 0;
};

/// Opens the plain file `path` for reading and writing, or makes it with mode 0600; `flags` are further ones of
/// open(2). Never through a symbolic link, and never a file that has another name. Throws support::Error(failed).
OwnFile open_own_file(const std::filesystem::path& path, int flags);

} // namespace agentbox::firewall::audit
