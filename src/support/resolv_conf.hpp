// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "support/lines.hpp"

namespace agentbox::support {

/// Returns the address in a line "nameserver ADDRESS" of resolv.conf(5), as written; empty for any other line.
inline std::string_view name_server_of(std::string_view line) {
  const auto parts = words(line);
  return line.starts_with("nameserver") && parts.size() > 1 && parts[0] == "nameserver" ? parts[1] : "";
}

} // namespace agentbox::support
