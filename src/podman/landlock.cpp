// SPDX-License-Identifier: Apache-2.0
#include "podman/landlock.hpp"

#include <algorithm>
#include <filesystem>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/file.hpp"

namespace agentbox::podman {

int kernel_landlock_abi() {
  return static_cast<int>(
      std::max(syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION), 0L));
}

int landlock_abi(std::string_view profile) {
  constexpr int k_with_moves = 2;
  constexpr int k_newest = 6;
  for (const char* call : {"\"landlock_create_ruleset\"", "\"landlock_add_rule\"", "\"landlock_restrict_self\""}) {
    if (profile.find(call) == std::string_view::npos) {
      return 0;
    }
  }
  const int abi = std::min(kernel_landlock_abi(), k_newest);
  return abi >= k_with_moves ? abi : 0;
}

int landlock_abi(const PodmanInfo& info) {
  constexpr std::size_t k_max_profile = 4U << 20U;
  const std::filesystem::path path =
      info.seccomp_profile.empty() ? "/usr/share/containers/seccomp.json" : info.seccomp_profile;
  return landlock_abi(support::read_file_if_exists(path, k_max_profile).value_or(""));
}

} // namespace agentbox::podman
