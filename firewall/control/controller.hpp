// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <optional>
#include <utility>

#include "firewall/audit/audit_record.hpp"
#include "firewall/control/control_message.hpp"
#include "firewall/names/directory.hpp"

namespace agentbox::firewall::control {

/// Applies the user's changes to a running box within its policy: names only, by the rules for entries of
/// `allow_hosts`, and never against `block_hosts`. Each change is recorded in the audit log before it takes effect.
class Controller {
public:
  using Clock = names::LiveList::Clock;

  /// Writes a record; returns false if it could not be written.
  using Audit = std::function<bool(audit::AuditRecord)>;

  /// Calls `changed` after every change, to check open connections again.
  Controller(names::Directory& directory, Audit audit, std::function<void()> changed)
      : m_directory(directory), m_audit(std::move(audit)), m_changed(std::move(changed)) {}

  ControlReply handle(const ControlRequest& request, Clock::time_point now);

  /// Removes and records the changes that have expired.
  void expire(Clock::time_point now);

  /// Returns how long from `now` until the next change expires; nullopt if none does.
  std::optional<Clock::duration> until_next_expiry(Clock::time_point now) const;

private:
  ControlReply allow(const ControlRequest& request, Clock::time_point now);
  /// Undoes the user's denial, if any, of a host that the policy allows.
  ControlReply allow_listed(const names::LiveChange& change);
  ControlReply deny(const ControlRequest& request, Clock::time_point now);
  /// Records the change, and only then makes it. Returns false if it could not be recorded.
  bool apply(const names::LiveChange& change, const ControlRequest& request);
  bool record(const names::LiveChange& change, audit::Reason reason, std::string_view detail = {},
              std::uint32_t seconds = 0);

  names::Directory& m_directory;
  Audit m_audit;
  std::function<void()> m_changed;
};

} // namespace agentbox::firewall::control
