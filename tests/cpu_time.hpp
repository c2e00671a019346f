// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <ctime>

namespace agentbox::tests {

/// Returns the CPU seconds that `action` takes, which do not depend on the load of the machine.
template <typename Action>
double cpu_seconds(Action action) {
  const std::clock_t start = std::clock();
  action();
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

/// Returns whether this build is optimised, as those of users are: without that, bounds in seconds mean nothing.
constexpr bool is_optimised() {
#ifdef __OPTIMIZE__
  return true;
#else
  return false;
#endif
}

} // namespace agentbox::tests
