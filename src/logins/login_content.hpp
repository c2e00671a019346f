// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "logins/login_kind.hpp"

namespace agentbox::logins {

inline constexpr std::size_t k_max_login = 256U << 10U; ///< bytes of a login's file

/// A parsed login file. Boxes write such files, so all of it may be forged.
struct LoginContent {
  std::string text;         ///< canonical JSON of the login alone: equal logins have equal texts
  std::string token;        ///< of a kind with a token_variable: its value; empty: revoked or none
  std::string account;      ///< an ID; empty if the file has none
  std::int64_t version = 0; ///< increases with each renewal: milliseconds since the epoch; 0: unknown
  std::time_t expires = 0;  ///< when the access token expires, seconds since the epoch; 0: unknown
  std::time_t ends = 0;     ///< when it can no longer be renewed; 0: unknown
  bool renewable = false;   ///< it has a refresh token
  bool usable = false;      ///< it has a token or a key; false when the agent removed it because the vendor revoked it

  /// Returns whether it has expired at `now` and cannot be renewed, or is not usable.
  bool is_over(std::time_t now) const;
};

/// Parses the text of a login file. Returns nothing if it is not a login of this kind: not JSON, wrong types, control
/// characters, deeper nesting than agents write, or a version far in the future of `now`.
std::optional<LoginContent> parse_login(const LoginKind& kind, std::string_view text, std::time_t now);

/// Returns `kept` as a box renewed it: what a renewal changes is taken from `shared`, and nothing else: no API key, no
/// other way to sign in, no member that an agent of the host may act on.
LoginContent renewed_login(const LoginKind& kind, const LoginContent& kept, const LoginContent& shared,
                           std::time_t now);

/// Returns the text `file` of a login file with its login replaced by `login`. All other members are kept.
std::string with_login(const LoginKind& kind, std::string_view file, const LoginContent& login);

} // namespace agentbox::logins
