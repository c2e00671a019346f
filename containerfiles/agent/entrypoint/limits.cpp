// SPDX-License-Identifier: Apache-2.0
#include "limits.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <sys/resource.h>

#include "message.hpp"

namespace agentbox::entrypoint {

void limit_processes() {
  const char* value = std::getenv("AGENTBOX_PIDS");
  if (value == nullptr) {
    return;
  }
  const std::string_view text = value;
  unsigned long wanted = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), wanted);
  if (error != std::errc() || end != text.data() + text.size() || wanted == 0) {
    die(k_refused, {"refused: AGENTBOX_PIDS is not a number above 0"});
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NPROC, &limit) != 0) {
    die(k_refused, {"refused: cannot read RLIMIT_NPROC: ", error_text(errno)});
  }
  limit.rlim_max = std::min<rlim_t>(wanted, limit.rlim_max);
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NPROC, &limit) != 0) {
    die(k_refused, {"refused: cannot set RLIMIT_NPROC: ", error_text(errno)});
  }
}

} // namespace agentbox::entrypoint
