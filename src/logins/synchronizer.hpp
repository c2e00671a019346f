// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "logins/login_store.hpp"
#include "support/fd.hpp"

namespace agentbox::logins {

/// The side that must be updated so that both have the same login.
enum class LoginUpdate {
  none,
  to_kept,   ///< the stored login: a box renewed it
  to_shared, ///< the copy for boxes: it was renewed outside of them, or a box damaged it
  foreign,   ///< neither: a box signed in with another account
};

/// Returns which of the stored login and the copy that boxes share is current. `base` is the SHA-256 of the text that
/// was last synchronized; empty if there is none. A box can restore neither an older login nor another account. Pure.
LoginUpdate compare(const std::optional<LoginContent>& kept, const std::optional<LoginContent>& shared,
                    const std::string& base);

/// Synchronizes a stored login and the copy that boxes share while boxes run. (A mounted file would not do: each side
/// replaces its file with a new one.) Each launcher has its own Synchronizer; a lock makes them take turns.
class Synchronizer {
public:
  /// Creates the shared directory. Throws Error(failed).
  explicit Synchronizer(LoginPlace place);

  /// Copies the stored login to the boxes, unless a box renewed it and its launcher died before it was synchronized.
  /// Throws Error(failed).
  void start();

  /// Synchronizes if one of the files changed since the last call, unless another launcher or an agent holds a lock.
  /// Errors are reported by finish().
  void poll();

  /// Synchronizes, waiting up to three seconds for locks. Throws Error(failed) if it fails, and if a box signed in
  /// with another account.
  void finish();

private:
  enum class When { before, running, after };
  bool synchronise(When when);
  std::string fingerprint() const;

  LoginPlace m_place;
  support::Fd m_shared;
  std::string m_fingerprint;
  std::string m_error;
  bool m_foreign = false;
};

} // namespace agentbox::logins
