// SPDX-License-Identifier: Apache-2.0
#include "podman/installation.hpp"

#include <system_error>

#include "support/error.hpp"

namespace agentbox::podman {
namespace fs = std::filesystem;
namespace {

bool complete(const Installation& installation) {
  std::error_code ignored;
  return fs::is_directory(installation.libexec, ignored) && fs::is_directory(installation.share, ignored);
}

} // namespace

Installation find_installation() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) {
    throw support::Error(support::ExitCode::failed, "cannot read /proc/self/exe: " + error.message(),
                         "is /proc mounted?");
  }
  const fs::path prefix = program.parent_path().parent_path();
  Installation installed{program, prefix / "libexec/agentbox", prefix / "share/agentbox"};
  if (complete(installed)) {
    return installed;
  }
  Installation built{program, AGENTBOX_BUILD_LIBEXEC, AGENTBOX_BUILD_SHARE};
  if (complete(built)) {
    return built;
  }
  throw support::Error(support::ExitCode::failed,
                       "agentbox is not installed completely: " + installed.libexec.string() + " or " +
                           installed.share.string() + " is missing",
                       "install the agentbox package again");
}

} // namespace agentbox::podman
