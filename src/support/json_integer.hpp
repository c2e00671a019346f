// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <concepts>
#include <nlohmann/json.hpp>
#include <utility>

namespace agentbox::support {

/// Returns the integer in `value`. Throws nlohmann::json::out_of_range when it is of another type, a fraction or does
/// not fit into T: nlohmann's own conversion truncates it, which is undefined for large fractions ([conv.fpint]).
template <std::integral T>
T json_integer(const nlohmann::json& value) {
  using json = nlohmann::json;
  if (value.is_number_unsigned()) {
    if (const auto number = value.get<json::number_unsigned_t>(); std::in_range<T>(number)) {
      return static_cast<T>(number);
    }
  } else if (value.is_number_integer()) {
    if (const auto number = value.get<json::number_integer_t>(); std::in_range<T>(number)) {
      return static_cast<T>(number);
    }
  }
  throw json::out_of_range::create(406, "expected an integer in range", &value);
}

/// Reads the integer in `value` into `to`. Throws as above.
template <std::integral T>
void read_json_integer(const nlohmann::json& value, T& to) {
  to = json_integer<T>(value);
}

} // namespace agentbox::support
