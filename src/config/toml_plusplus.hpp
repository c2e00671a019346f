// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdexcept>

namespace agentbox::config {

/// An assertion of the TOML parser failed.
class TomlAssertion : public std::logic_error {
  using std::logic_error::logic_error;
};

[[noreturn]] inline void fail_toml_assertion(const char* what) {
  throw TomlAssertion(what);
}

} // namespace agentbox::config

// The only include of toml++ (3.3, 3.4) that parses untrusted text. Some malformed texts ("[+") break assertions of
// its parser, which abort in a debug build and are undefined behaviour with NDEBUG. A project's configuration is
// untrusted, so assertions stay on in every build and throw.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expr) ((expr) ? static_cast<void>(0) : ::agentbox::config::fail_toml_assertion(#expr))
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")
