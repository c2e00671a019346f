// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "firewall/audit/audit_record.hpp"
#include "policy/egress_index.hpp"

namespace agentbox::network {

/// The decision that a different list of hosts would have made on a recorded host.
struct BacktestResult {
  enum class Outcome {
    breaks,       ///< was allowed, would be denied
    passes_now,   ///< was denied, would be allowed
    still_passes, ///< was and would be allowed
    still_denied, ///< was and would be denied
    not_known,    ///< the history does not list these hosts separately
  };
  std::string host;
  std::uint16_t port = 0; ///< 0: only the name was looked up
  std::size_t count = 0;
  Outcome outcome = Outcome::still_passes;
  std::string why; ///< the entry that would allow it, or why it would be denied
};

/// Returns the outcome for each host and port in the last `last` (0: all) connections and denials of `records`, which
/// may be sums; those that break come first. Judges only what the list decides: a connection that was denied for
/// another reason, such as a wrong SNI, would still be denied.
std::vector<BacktestResult> backtest(const std::vector<firewall::audit::AuditRecord>& records,
                                     const policy::EgressIndex& index, std::size_t last);

/// Returns "breaks", "passes-now", "still-passes", "still-denied", "not-known".
std::string_view outcome_text(BacktestResult::Outcome outcome);

/// Returns one JSON object and a newline.
std::string to_json_line(const BacktestResult& tested);

} // namespace agentbox::network
