// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <ctime>
#include <string>

namespace agentbox::support {

/// Returns `seconds` since the epoch as local time in strftime(3)'s `format`; "-" for 0 and for a time that is out of
/// range, which a file of the box may have.
inline std::string local_time(std::time_t seconds, const char* format) {
  std::tm parts{};
  std::array<char, 64> text{};
  const bool known = seconds != 0 && localtime_r(&seconds, &parts) != nullptr;
  return known && std::strftime(text.data(), text.size(), format, &parts) != 0 ? text.data() : "-";
}

} // namespace agentbox::support
