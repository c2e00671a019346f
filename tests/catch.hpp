// SPDX-License-Identifier: Apache-2.0
// One include for Catch2 2 (Debian 12) and 3 (everywhere else).
#pragma once
#if __has_include(<catch2/catch_test_macros.hpp>)
// Not catch_all.hpp: its Contains() looks for an element in version 3, where ContainsSubstring() looks in a string.
#include <catch2/catch_message.hpp>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/catch_tostring.hpp>
#include <catch2/generators/catch_generators_all.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <string>

namespace Catch {
namespace Matchers {
inline StringContainsMatcher Contains(const std::string& text) {
  return ContainsSubstring(text);
}
} // namespace Matchers
using namespace Matchers; // NOLINT(*-build-using-namespace) as in version 2
} // namespace Catch
#else
#include <catch2/catch.hpp>
#endif
