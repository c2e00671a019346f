// SPDX-License-Identifier: Apache-2.0
#include "firewall/audit/own_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

#include "support/error.hpp"

namespace agentbox::firewall::audit {

using support::ExitCode;

OwnFile open_own_file(const std::filesystem::path& path, int flags) {
  OwnFile file;
  file.fd.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | flags, 0600));
  struct stat status {};
  if (!file.fd || ::fstat(file.fd.get(), &status) != 0) {
    throw support::system_error(ExitCode::failed, "cannot open the audit log " + path.string(), errno);
  }
  if (!S_ISREG(status.st_mode) || status.st_nlink != 1) {
    throw support::Error(ExitCode::failed, "the audit log " + path.string() + " is not a plain file of its own");
  }
  file.size = static_cast<std::uint64_t>(status.st_size);
  return file;
}

} // namespace agentbox::firewall::audit
