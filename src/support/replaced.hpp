// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

namespace agentbox::support {

/// Returns `text` with `replacement` in place of each `what`, which is not empty.
inline std::string replaced(std::string text, std::string_view what, std::string_view replacement) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + replacement.size())) {
    text.replace(at, what.size(), replacement);
  }
  return text;
}

} // namespace agentbox::support
