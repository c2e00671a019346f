// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/leash_end.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "entrypoint/entrypoint_message.hpp"
#include "protocol/protocol.hpp"

namespace agentbox::entrypoint {

int find_leash() {
  const char* const variable = std::getenv(protocol::k_leash_variable);
  if (variable == nullptr) {
    return -1;
  }
  struct stat info {};
  if (std::string_view(variable) != "1" || fstat(protocol::k_leash_fd, &info) != 0 || !S_ISSOCK(info.st_mode) ||
      fcntl(protocol::k_leash_fd, F_SETFD, FD_CLOEXEC) != 0) {
    die(k_refused, {"refused: the connection to the launcher (", protocol::k_leash_variable,
                    ") was not passed to the container; nothing was started"});
  }
  return protocol::k_leash_fd;
}

bool launcher_has_ended(int leash) {
  pollfd watched{leash, POLLIN | POLLRDHUP, 0}; // nothing is ever sent: readable means end of file
  return leash >= 0 && poll(&watched, 1, 0) > 0;
}

void require_launcher(int leash) {
  if (launcher_has_ended(leash)) {
    _exit(k_refused);
  }
}

} // namespace agentbox::entrypoint
