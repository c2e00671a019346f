// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "doctor/check_result.hpp"

namespace agentbox::doctor {

/// The report for readers: a line about the host, one line a finding in aligned columns, its remedy below it, and a
/// last line with the verdict. `colour` adds SGR sequences to the status words and nothing else.
std::string to_text(const HostReport& report, const std::vector<CheckResult>& findings, bool colour);

/// The report for programs:
/// {"version":1,"enforceable":…,"host":{…},"findings":[{"id","title","status","detail","remedy"},…]}, two-space indent,
/// final newline.
std::string to_json(const HostReport& report, const std::vector<CheckResult>& findings);

} // namespace agentbox::doctor
