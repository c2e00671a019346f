// SPDX-License-Identifier: Apache-2.0
// The probe's report comes from the box: it is refused or read, and none of it reaches a terminal unescaped.
#include <nlohmann/json.hpp>

#include "require.hpp"
#include "support/error.hpp"
#include "verify/report.hpp"

using agentbox::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  try {
    agentbox::verify::VerifyReport report;
    report.rows = agentbox::verify::parse_rows(agentbox::fuzz::text_of(data, size), 1);
    require(!report.rows.empty(), "a report has rows");
    require(to_text(report, true, false).find('\x1b') == std::string::npos, "no escape sequence reaches the terminal");
    require(nlohmann::json::accept(to_json(report)), "the report is JSON");
  } catch (const agentbox::support::Error& error) {
    require(!agentbox::fuzz::has_control_bytes(error.what()), "messages are safe on a terminal");
  }
  return 0;
}
