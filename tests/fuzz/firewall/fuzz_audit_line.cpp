// SPDX-License-Identifier: Apache-2.0
// A line of an audit log as the host reads it: a parsed record can be written as a harmless line, does not change in
// further round trips, and is shown to the user in harmless form. The line is parsed as a file of totals as well.
#include "firewall/audit/audit_record.hpp"
#include "firewall/audit/sum.hpp"
#include "network/notice.hpp"
#include "require.hpp"

namespace audit = agentbox::firewall::audit;
using agentbox::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  const std::string_view text = agentbox::fuzz::text_of(data, size);
  for (const audit::AuditRecord& sum : audit::parse_totals(text)) {
    require(audit::parse_totals(audit::to_json_line(sum)).size() == 1, "a sum stays one");
  }
  const auto record = audit::from_json_line(text);
  if (!record) {
    return 0;
  }
  const std::string line = audit::to_json_line(*record);
  require(line.size() <= 8192 && line.ends_with('\n'), "a record is a line");
  require(!agentbox::fuzz::has_control_bytes(line.substr(0, line.size() - 1)), "a line is harmless");
  require(audit::from_json_line(line).has_value(), "what is written can be read");
  if (const auto notice = agentbox::network::notice_of(*record)) {
    const std::string shown = agentbox::network::line_of(*notice, "box");
    require(shown.size() <= 2048 && !agentbox::fuzz::has_control_bytes(shown), "a notice is one harmless line");
    require(!notice->asked || shown.find("  ") == std::string::npos, "a request imitates no other line");
  }
  return 0;
}
