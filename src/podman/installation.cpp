// SPDX-License-Identifier: Apache-2.0
#include "podman/installation.hpp"

#include <system_error>
#include <unistd.h>
#include <vector>

#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::podman {
namespace fs = std::filesystem;

Installation installation_of(const fs::path& program) {
  const fs::path prefix = program.parent_path().parent_path();
  Installation installation{program, prefix / "libexec/agentbox", prefix / "share/agentbox"};
  std::vector<std::string> missing;
  std::error_code ignored;
  if (!fs::is_directory(installation.share, ignored)) {
    missing.push_back(installation.share.string());
  }
  for (const fs::path& file : {installation.hook(), installation.firewall(), installation.libexec / "agentbox-nft",
                               installation.entrypoint()}) {
    if (access(file.c_str(), X_OK) != 0) {
      missing.push_back(file.string());
    }
  }
  if (!missing.empty()) {
    throw support::Error(support::ExitCode::failed,
                         "agentbox is not installed completely, missing: " + support::join(missing, ", "),
                         "install the agentbox package again");
  }
  return installation;
}

Installation find_installation() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) {
    throw support::Error(support::ExitCode::failed, "cannot read /proc/self/exe: " + error.message(),
                         "check that /proc is mounted");
  }
  return installation_of(program);
}

} // namespace agentbox::podman
