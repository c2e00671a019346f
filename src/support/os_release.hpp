// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::support {

/// The content of os-release(5).
struct OsRelease {
  std::string name;             ///< PRETTY_NAME
  std::vector<std::string> ids; ///< ID, then the words of ID_LIKE, closest first
};

/// Parses the text of os-release(5). Malformed lines are ignored. Pure.
OsRelease parse_os_release(std::string_view text);

} // namespace agentbox::support
