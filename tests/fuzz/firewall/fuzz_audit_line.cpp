// SPDX-License-Identifier: Apache-2.0
// A line of an audit log as the host reads it: what is taken for a record can be written as a harmless line, and stays
// the same from then on, and as a place of the totals. Anything else is rejected.
#include "firewall/audit/audit_record.hpp"
#include "firewall/audit/sum.hpp"
#include "require.hpp"

namespace audit = agentbox::firewall::audit;
using agentbox::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { // NOLINT(*-identifier-naming)
  const std::string_view text = agentbox::fuzz::text_of(data, size);
  if (const auto sum = audit::from_place(text)) {
    require(audit::from_place(audit::to_place(audit::fixed_part(sum->record), *sum)).has_value(), "a place stays one");
  }
  const auto record = audit::from_json_line(text);
  if (!record) {
    return 0;
  }
  const std::string line = audit::to_json_line(*record);
  require(line.size() <= 8192 && line.ends_with('\n'), "a record is a line");
  require(!agentbox::fuzz::has_control_bytes(line.substr(0, line.size() - 1)), "a line is harmless");
  require(audit::from_json_line(line).has_value(), "what is written can be read");
  audit::Sum sum{*record, {3, 2, 1, "2026-01-31T12:00:00.000Z", "2026-01-31T12:00:00.000Z"}};
  sum.record.time = sum.record.first = sum.others.first;
  const std::string place = audit::to_place(audit::fixed_part(sum.record), sum);
  require(place.size() == audit::k_place && !agentbox::fuzz::has_control_bytes(place.substr(0, place.size() - 1)),
          "a place is a harmless line");
  const auto read = audit::from_place(place);
  require(read && read->others == sum.others && read->record.count == sum.record.count &&
              read->record.port == sum.record.port && read->record.bytes_up == sum.record.bytes_up,
          "a place holds its numbers");
  return 0;
}
