// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace agentbox::config {

/// A value and its place: "/path/config.toml:12:3" or "--allow".
template <typename Value>
struct Located {
  Value value;
  std::string where;

  bool operator==(const Located&) const = default;
};

} // namespace agentbox::config
