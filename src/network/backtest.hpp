// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "firewall/audit/audit_record.hpp"
#include "policy/egress_index.hpp"

namespace agentbox::network {

/// What another list of hosts would make of what was recorded.
struct Tested {
  enum class Outcome {
    breaks,        ///< passed then, would be refused
    passes_now,    ///< was refused, would pass
    still_passes,  ///< as it was
    still_refused, ///< as it was
    not_known,     ///< hosts that the history does not keep apart
  };
  std::string host;
  std::uint16_t port = 0; ///< 0: only the name was asked for
  std::size_t count = 0;
  Outcome outcome = Outcome::still_passes;
  std::string why; ///< the entry that would allow it, or why it would be refused
};

/// The outcome for each host and port of the last `last` (0: all) connections and refusals in `records`, which may be
/// sums; what breaks comes first. Only what the list decides is judged: a connection that was refused for another
/// reason, as a wrong SNI, would be refused still.
std::vector<Tested> backtest(const std::vector<firewall::audit::AuditRecord>& records, const policy::EgressIndex& index,
                             std::size_t last);

/// "breaks", "passes-now", "still-passes", "still-refused", "not-known".
std::string_view outcome_text(Tested::Outcome outcome);

/// One JSON object and a newline.
std::string to_json_line(const Tested& tested);

} // namespace agentbox::network
