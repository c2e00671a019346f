// SPDX-License-Identifier: Apache-2.0
#include "podman/installation.hpp"

#include <system_error>

#include "support/error.hpp"

namespace agentbox::podman {
namespace fs = std::filesystem;

Installation installation_of(const fs::path& program) {
  const fs::path prefix = program.parent_path().parent_path();
  Installation installation{program, prefix / "libexec/agentbox", prefix / "share/agentbox"};
  std::error_code ignored;
  for (const fs::path& directory : {installation.libexec, installation.share}) {
    if (!fs::is_directory(directory, ignored)) {
      throw support::Error(support::ExitCode::failed,
                           "agentbox is not installed completely: " + directory.string() + " is missing",
                           "install the agentbox package again");
    }
  }
  return installation;
}

Installation find_installation() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) {
    throw support::Error(support::ExitCode::failed, "cannot read /proc/self/exe: " + error.message(),
                         "is /proc mounted?");
  }
  return installation_of(program);
}

} // namespace agentbox::podman
