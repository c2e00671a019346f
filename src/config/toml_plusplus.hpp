// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdexcept>

namespace agentbox::config {

/// The TOML parser found itself where it believes it cannot be.
class TomlAssertion : public std::logic_error {
  using std::logic_error::logic_error;
};

[[noreturn]] inline void fail_toml_assertion(const char* what) {
  throw TomlAssertion(what);
}

} // namespace agentbox::config

// toml++ (3.3, 3.4), the only way it is included. Some malformed texts ("[+") break assertions of its parser: that
// would be an abort in a debug build, and undefined behaviour with NDEBUG, where it tells the compiler to assume them.
// A project's configuration is not ours, so the assertions stay on in every build, and throw.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expr) ((expr) ? static_cast<void>(0) : ::agentbox::config::fail_toml_assertion(#expr))
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")
