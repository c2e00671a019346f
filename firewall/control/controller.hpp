// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "firewall/audit/audit_record.hpp"
#include "firewall/control/control_message.hpp"
#include "firewall/names/directory.hpp"

namespace agentbox::firewall::control {

/// Does what the user asks of a running box, within what its policy permits: never against `block_hosts`, names only,
/// and by the rules that hold for a list of hosts. Each change is in the audit log before it holds.
class Controller {
public:
  using Clock = names::LiveList::Clock;

  /// Writes a record; false when it could not be written.
  using Audit = std::function<bool(audit::AuditRecord)>;

  /// `changed` is called after every change, so that open connections are looked at again.
  Controller(names::Directory& directory, Audit audit, std::function<void()> changed)
      : m_directory(directory), m_audit(std::move(audit)), m_changed(std::move(changed)) {}

  ControlReply handle(const ControlRequest& request, Clock::time_point now);

  /// Ends what is over.
  void expire(Clock::time_point now);

  /// How long from `now` until something expires; nothing when nothing does.
  std::optional<Clock::duration> until_next_expiry(Clock::time_point now) const;

private:
  ControlReply allow(const ControlRequest& request, Clock::time_point now);
  /// A host of the policy's list, which can only have been denied meanwhile.
  ControlReply allow_listed(const names::LiveChange& change);
  ControlReply deny(const ControlRequest& request, Clock::time_point now);
  /// Writes the change down, and only then makes it. False when it could not be written.
  bool apply(const names::LiveChange& change, const ControlRequest& request);
  bool record(const names::LiveChange& change, audit::Reason reason, std::string_view detail = {});

  names::Directory& m_directory;
  Audit m_audit;
  std::function<void()> m_changed;
};

} // namespace agentbox::firewall::control
