// SPDX-License-Identifier: Apache-2.0
#include "entrypoint/resource_limits.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <sys/resource.h>

#include "attacks/process_limit.hpp"
#include "entrypoint/entrypoint_message.hpp"
#include "protocol/protocol.hpp"

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

/// Returns the number in `variable`; 0 if it is not set.
unsigned long number_in(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr) {
    return 0;
  }
  const std::string_view text = value;
  unsigned long wanted = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), wanted);
  if (error != std::errc() || end != text.data() + text.size() || wanted == 0) {
    die(k_refused, {"refused: ", variable, " is not a number above 0"});
  }
  return wanted;
}

void lower_limit_from(const char* variable, __rlimit_resource resource, std::string_view name) {
  if (const unsigned long wanted = number_in(variable); wanted != 0) {
    lower_limit(resource, wanted, name);
  }
}

} // namespace

void limit_resources() {
  lower_limit_from(protocol::k_pids_variable, RLIMIT_NPROC, "RLIMIT_NPROC");
  lower_limit_from(protocol::k_open_files_variable, RLIMIT_NOFILE, "RLIMIT_NOFILE");
  lower_limit(RLIMIT_CORE, 0, "RLIMIT_CORE");
  const char* const wanted = std::getenv(protocol::k_pids_variable);
  const unsigned long processes = number_in(protocol::k_pids_variable);
  if (wanted != nullptr && processes != 0 && attacks::process_limit(processes) == attacks::ProcessLimit::none) {
    die(k_refused,
        {"refused: nothing limits the box to ", wanted, " processes: neither the pids cgroup nor RLIMIT_NPROC"});
  }
}

} // namespace agentbox::entrypoint
