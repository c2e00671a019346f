// SPDX-License-Identifier: Apache-2.0
// What a hostile process in the box could try, as a table of small programs. Static, without exceptions, C only at the
// edges: agent-entrypoint runs some of them before the agent, `agentbox verify` all of them.
#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace agentbox::attacks {

/// How an attempt ended.
enum class Verdict : std::uint8_t {
  stopped, ///< refused, in the way in which our wall refuses
  through, ///< it worked: the box has a hole
  unclear, ///< it failed otherwise than it should; nothing is proven, so it counts as a hole
  works,   ///< a positive twin: what the box needs is there
  broken,  ///< a positive twin that failed: a box in which nothing works proves nothing
  skipped, ///< this box was asked for without that wall (--full-network), or this kernel has no such thing
};

/// What came of one attempt. Crosses a pipe as bytes, so it holds nothing but values.
struct AttackResult {
  Verdict verdict = Verdict::unclear;
  std::array<char, 120> text{}; ///< "EPERM", "no answer"; ends in NUL
};

/// What the box was asked for, as far as attempts depend on it.
struct Expected {
  bool filtered = true;     ///< the firewall is on
  std::uint64_t pids = 512; ///< limits.pids
  std::uint64_t memory = 0; ///< limits.memory in bytes; 0: none
  std::uint64_t shm = 64U << 20U;
  std::uint64_t tmp = 1024ULL << 20U;
};

/// One attempt. The texts are for people; none holds a tab or a newline.
struct Attack {
  const char* name;   ///< stable, in-lower-case: scripts compare it
  const char* family; ///< "privileges", "kernel", "sockets", "network", "names", "rules", "files", "limits"
  const char* tried;  ///< "make a user namespace"
  const char* wall;   ///< what is to stop it: "seccomp", "ruleset", …
  AttackResult (*attempt)(const Expected&);
};

/// A finding with a text, cut to fit.
AttackResult attack_result(Verdict verdict, std::string_view text);

/// For an attempt by system call: `result` of -1 with one of `refusals` in errno is stopped, another errno unclear,
/// anything else through.
AttackResult refused_with(long result, std::initializer_list<int> refusals);

/// For a positive twin by system call: works unless `result` is -1.
AttackResult must_work(long result);

/// "EPERM" for an errno.
std::string_view errno_name(int number);

/// "stopped", "through", …
std::string_view verdict_name(Verdict verdict);

/// Whether the verdict lets the box pass.
constexpr bool is_good(Verdict verdict) {
  return verdict == Verdict::stopped || verdict == Verdict::works || verdict == Verdict::skipped;
}

/// The families, a file each.
std::span<const Attack> privilege_attacks();
std::span<const Attack> kernel_attacks();
std::span<const Attack> socket_attacks();
std::span<const Attack> network_attacks();
std::span<const Attack> name_attacks();
std::span<const Attack> rule_attacks();
std::span<const Attack> file_attacks();
std::span<const Attack> limit_attacks();

/// Every family, in the order of the proof card.
std::array<std::span<const Attack>, 8> all_attacks();

/// Whether `attack` is among those that [verify] on_start runs: the walls' corner stones, each a few microseconds.
bool runs_at_start(const Attack& attack);

} // namespace agentbox::attacks
