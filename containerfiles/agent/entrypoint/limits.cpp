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
namespace {

void lower_limit(__rlimit_resource resource, rlim_t wanted, std::string_view name) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) {
    die(k_refused, {"refused: cannot read ", name, ": ", error_text(errno)});
  }
  limit.rlim_max = std::min(wanted, limit.rlim_max);
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(resource, &limit) != 0) {
    die(k_refused, {"refused: cannot set ", name, ": ", error_text(errno)});
  }
}

void lower_limit_from(const char* variable, __rlimit_resource resource, std::string_view name) {
  const char* value = std::getenv(variable);
  if (value == nullptr) {
    return;
  }
  const std::string_view text = value;
  unsigned long wanted = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), wanted);
  if (error != std::errc() || end != text.data() + text.size() || wanted == 0) {
    die(k_refused, {"refused: ", variable, " is not a number above 0"});
  }
  lower_limit(resource, wanted, name);
}

} // namespace

void limit_resources() {
  lower_limit_from("AGENTBOX_PIDS", RLIMIT_NPROC, "RLIMIT_NPROC");
  lower_limit_from("AGENTBOX_OPEN_FILES", RLIMIT_NOFILE, "RLIMIT_NOFILE");
  lower_limit(RLIMIT_CORE, 0, "RLIMIT_CORE");
}

} // namespace agentbox::entrypoint
