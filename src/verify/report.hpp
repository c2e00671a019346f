// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/verdict.hpp"

namespace agentbox::verify {

using protocol::Verdict;

/// One line of the report.
struct Row {
  std::string name;    ///< "unshare-user"
  std::string family;  ///< "kernel"
  std::string tried;   ///< "make a user namespace"
  std::string defence; ///< "seccomp"
  Verdict verdict = Verdict::inconclusive;
  std::string detail; ///< "EPERM"

  bool operator==(const Row&) const = default;
};

/// The report of `agentbox verify`.
struct VerifyReport {
  std::string box;
  bool fresh = true;                           ///< a new box, or one that was already running
  std::map<std::string, std::string> versions; ///< agentbox, podman, kernel, …
  std::map<std::string, std::string> digests;  ///< SHA-256 in hex: probe, policy, …
  std::vector<Row> rows;
  std::chrono::milliseconds duration{0};
};

/// Parses agentbox-probe's output. The text comes from inside the box: it is bounded and escaped. Throws
/// support::Error(failed) for an invalid line, a missing or wrong count, or fewer than `least` rows.
std::vector<Row> parse_rows(std::string_view output, std::size_t least);

/// Returns whether every row is good and at least one attack was stopped.
bool passed(const VerifyReport& report);

/// Returns the report as text: each family in one line, and the attempts that are not good, or with `all` every
/// attempt.
std::string to_text(const VerifyReport& report, bool all, bool colour);
/// Returns the report as one JSON object.
std::string to_json(const VerifyReport& report);

} // namespace agentbox::verify
