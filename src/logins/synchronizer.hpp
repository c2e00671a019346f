// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "logins/login_store.hpp"
#include "support/fd.hpp"

namespace agentbox::logins {

/// What has to be replaced so that both sides have the same login.
enum class LoginUpdate {
  none,
  to_kept,   ///< a box renewed it
  to_shared, ///< it was renewed outside of the boxes, or a box left something else in its place
  foreign,   ///< a box signed in with another account: neither side is changed
};

/// Decides between the login that is kept and the one that boxes share. `base` is the SHA-256 of the text that both had
/// last; nothing if they never had the same. A box can neither bring back an older login nor another account. Pure.
LoginUpdate compare(const std::optional<LoginContent>& kept, const std::optional<LoginContent>& shared,
                    const std::string& base);

/// Keeps the login at a place and the copy that boxes share the same while boxes run: either side replaces its file
/// with a new one, which a mounted file would miss. Each launcher has its own; a lock makes them take turns.
class Synchronizer {
public:
  /// Makes the shared directory. Throws Error(failed).
  explicit Synchronizer(LoginPlace place);

  /// Gives the boxes the login that is kept, unless a box renewed it and could not tell. Throws Error(failed).
  void start();

  /// Synchronises if one of the files changed since the last call, unless another launcher or an agent is at it. Errors
  /// are kept for finish().
  void look();

  /// Synchronises, waiting up to three seconds for others. Throws Error(failed) if it fails, and if a box signed in
  /// with another account.
  void finish();

private:
  enum class When { before, running, after };
  bool synchronise(When when);
  std::string seen() const;

  LoginPlace m_place;
  support::Fd m_shared;
  std::string m_seen;
  std::string m_error;
  bool m_foreign = false;
};

} // namespace agentbox::logins
