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

/// A login as its file describes it. Boxes write such files, so all of it may be invented.
struct LoginContent {
  std::string text;         ///< canonical JSON of the login alone: equal logins have equal texts
  std::string account;      ///< an ID; empty if the file has none
  std::int64_t version = 0; ///< a renewed login has a greater one: milliseconds since the epoch; 0: not known
  std::time_t expires = 0;  ///< when the access ends if it is not renewed, seconds since the epoch; 0: not known
  std::time_t ends = 0;     ///< when it can no longer be renewed; 0: not known
  bool renewable = false;   ///< it has a refresh token
  bool usable = false;      ///< it has a token or a key; false when the agent found that the vendor ended it

  /// Returns whether no agent can work with it any more at `now`.
  bool is_over(std::time_t now) const;
};

/// Parses the text of a login's file. Returns nothing for anything that is not a login of this kind: no JSON, other
/// types, control characters, nested deeper than agents write it, or a version that is in the far future of `now`.
std::optional<LoginContent> parse_login(const LoginKind& kind, std::string_view text, std::time_t now);

/// Returns `file`, the text of a login's file, with `login` in place of its login; what else the file has is kept.
std::string with_login(const LoginKind& kind, std::string_view file, const LoginContent& login);

} // namespace agentbox::logins
