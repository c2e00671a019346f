// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

namespace agentbox::policy {

/// One mistake in a configuration. Mistakes are gathered and reported together.
struct Diagnostic {
  std::string where;   ///< "/path/config.toml:12:3", "--allow" or an environment variable's name
  std::string message; ///< what is wrong and what was expected
  std::string hint;    ///< the next step; may be empty

  bool operator==(const Diagnostic&) const = default;
};

using Diagnostics = std::vector<Diagnostic>;

} // namespace agentbox::policy
