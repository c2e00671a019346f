// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::verify {

/// The result of one attempt.
enum class Verdict {
  stopped, ///< by the wall that is meant to
  through, ///< it worked
  unclear, ///< it failed otherwise than it should: nothing is proven
  works,   ///< a positive twin: what a box needs is there
  broken,  ///< a positive twin that failed
  skipped, ///< the box was asked for without that wall
};

/// One line of the proof card.
struct Row {
  std::string name;   ///< "unshare-user"
  std::string family; ///< "kernel"
  std::string tried;  ///< "make a user namespace"
  std::string wall;   ///< "seccomp"
  Verdict verdict = Verdict::unclear;
  std::string detail; ///< "EPERM"

  bool operator==(const Row&) const = default;
};

/// What `agentbox verify` shows.
struct Card {
  std::string box;
  bool fresh = true;                           ///< a box of its own, or one that was running
  std::map<std::string, std::string> versions; ///< agentbox, podman, kernel, …
  std::map<std::string, std::string> digests;  ///< SHA-256 in hex: probe, policy, …
  std::vector<Row> rows;
  std::chrono::milliseconds duration{0};
};

/// Whether a verdict lets the box pass: stopped, works, skipped.
bool is_good(Verdict verdict);
/// "stopped", "THROUGH", …
std::string_view verdict_text(Verdict verdict);

/// The rows of agentbox-probe's output. The text comes from inside the box: bounded, escaped, and refused when it is
/// not whole. Throws support::Error(failed) for a line that is none, a missing or wrong count, or fewer than `least`
/// rows.
std::vector<Row> parse_rows(std::string_view output, std::size_t least);

/// Whether every row is good, and something was stopped at all.
bool passed(const Card& card);

/// The card as a table for people; with `all`, every row, else each family in one line and what is not good in full.
std::string to_text(const Card& card, bool all, bool colour);
/// The card as one JSON object.
std::string to_json(const Card& card);

} // namespace agentbox::verify
