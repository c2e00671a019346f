// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "doctor/host_report.hpp"

namespace agentbox::doctor {

/// What a check concludes.
enum class Status {
  ok,
  missing,        ///< the box cannot be started, or not be enforced, without it
  unknown,        ///< as important, and there was no answer: it may be well
  degraded,       ///< the box holds; something is slower, weaker in depth or less convenient
  not_applicable, ///< does not exist on this host, or cannot be asked as this user
};

/// "ok", "missing", "unknown", "degraded" or "not_applicable", as in the JSON output.
std::string_view to_string(Status status);

/// One line of the report.
struct Finding {
  std::string id;    ///< stable, for scripts: "podman", "subids"
  std::string title; ///< "Podman"
  Status status = Status::ok;
  std::string detail; ///< what was found, or what is wrong
  std::string remedy; ///< a command line that mends it on this distribution; empty when ok

  bool operator==(const Finding&) const = default;
};

/// A question to a report. Pure.
using Check = Finding (*)(const HostReport&);

/// Every check, in the order of the report. Each one has a stable id of its own.
const std::vector<Check>& all_checks();

/// Every check's finding.
std::vector<Finding> examine(const HostReport& report);

/// Whether it is certain that a box can be started and enforced: no finding is `missing` or `unknown`.
bool enforceable(const std::vector<Finding>& findings);

} // namespace agentbox::doctor
