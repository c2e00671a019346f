// SPDX-License-Identifier: Apache-2.0
// Shared by agentbox-probe, which attacks a box from inside, and `agentbox verify`, which reads its report.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace agentbox::protocol {

/// The result of an attempt.
enum class Verdict : std::uint8_t {
  stopped,      ///< refused in the way that our protection refuses
  allowed,      ///< it worked: the box has a hole
  inconclusive, ///< it failed in another way; proves nothing, so it counts as a hole
  works,        ///< a positive control: what the box needs works
  broken,       ///< a positive control that failed: a box in which nothing works proves nothing
  skipped,      ///< this box does not have that protection (--full-network), or this kernel lacks the feature
};

/// The words of the report, in the order of Verdict.
inline constexpr std::array<std::string_view, 6> k_verdicts = {"stopped", "ALLOWED",        "INCONCLUSIVE",
                                                               "works",   "FAILED CONTROL", "skipped"};

/// Returns "stopped", "ALLOWED", …
constexpr std::string_view verdict_text(Verdict verdict) {
  return k_verdicts[static_cast<std::size_t>(verdict)];
}

/// Returns whether the verdict lets the box pass.
constexpr bool is_good(Verdict verdict) {
  return verdict == Verdict::stopped || verdict == Verdict::works || verdict == Verdict::skipped;
}

/// The settings of a box that attempts depend on. The probe gets them as its arguments.
struct Expected {
  bool filtered = true;     ///< the box has a firewall
  std::uint64_t pids = 512; ///< limits.pids
  std::uint64_t memory = 0; ///< limits.memory in bytes; 0: none
  std::uint64_t shm = 64U << 20U;
  std::uint64_t tmp = 1024ULL << 20U;
  std::uint64_t landlock = 0; ///< its version in this box; 0: none
  bool operator==(const Expected&) const = default;
};

} // namespace agentbox::protocol
