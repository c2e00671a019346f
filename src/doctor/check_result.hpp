// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "doctor/host_report.hpp"

namespace agentbox::doctor {

/// The result of a check.
enum class Status {
  ok,
  missing,        ///< without it a box cannot be started, or its isolation cannot be enforced
  unknown,        ///< equally important, but could not be determined
  degraded,       ///< a box is isolated, but slower, less convenient or without a second layer
  not_applicable, ///< does not exist on this host, or this user cannot query it
};

/// Returns "ok", "missing", "unknown", "degraded" or "not_applicable", as in the JSON output.
std::string_view to_string(Status status);

/// One line of the report.
struct CheckResult {
  std::string id;    ///< stable, for scripts: "podman", "subids"
  std::string title; ///< "Podman"
  Status status = Status::ok;
  std::string detail; ///< what was found, or what is wrong
  std::string remedy; ///< a command that fixes it on this distribution; empty when ok

  bool operator==(const CheckResult&) const = default;
};

/// Runs every check on `report`. Pure.
std::vector<CheckResult> examine(const HostReport& report);

/// Returns whether a box can certainly be started and isolated: no result is `missing` or `unknown`.
bool enforceable(const std::vector<CheckResult>& findings);

// format.cpp

/// Returns the report as text: a line about the host, one line per finding in aligned columns, its remedy below it,
/// and a last line with the verdict. `colour` adds SGR sequences to the status words and nothing else.
std::string to_text(const HostReport& report, const std::vector<CheckResult>& findings, bool colour);

/// Returns the report for programs:
/// {"version":1,"enforceable":…,"host":{…},"findings":[{"id","title","status","detail","remedy"},…]}, two-space indent,
/// final newline.
std::string to_json(const HostReport& report, const std::vector<CheckResult>& findings);

} // namespace agentbox::doctor
