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
  stopped, ///< refused in the way that our protection refuses
  through, ///< it worked: the box has a hole
  unclear, ///< it failed in another way; proves nothing, so it counts as a hole
  works,   ///< a positive twin: what the box needs works
  broken,  ///< a positive twin that failed: a box in which nothing works proves nothing
  skipped, ///< this box does not have that protection (--full-network), or this kernel lacks the feature
};

/// The result of one attempt. Sent through a pipe as bytes, so it has only values.
struct AttackResult {
  Verdict verdict = Verdict::unclear;
  std::array<char, 120> text{}; ///< "EPERM", "no answer"; ends in NUL
};

/// The box's settings that attempts depend on.
struct Expected {
  bool filtered = true;     ///< the firewall is on
  std::uint64_t pids = 512; ///< limits.pids
  std::uint64_t memory = 0; ///< limits.memory in bytes; 0: none
  std::uint64_t shm = 64U << 20U;
  std::uint64_t tmp = 1024ULL << 20U;
};

/// One attempt. The texts are for people; none contains a tab or a newline.
struct Attack {
  const char* name;   ///< stable, in-lower-case: scripts compare it
  const char* family; ///< "privileges", "kernel", "sockets", "network", "names", "rules", "files", "limits"
  const char* tried;  ///< "make a user namespace"
  const char* wall;   ///< what stops it: "seccomp", "ruleset", …
  AttackResult (*attempt)(const Expected&);
};

/// Returns a result with `text`, truncated to fit.
AttackResult attack_result(Verdict verdict, std::string_view text);

/// Returns the result of a system call: -1 with one of `refusals` in errno is stopped, with another errno unclear,
/// anything else through.
AttackResult refused_with(long result, std::initializer_list<int> refusals);

/// Returns the result of a positive twin's system call: works unless `result` is -1.
AttackResult must_work(long result);

/// Returns an errno's name, "EPERM".
std::string_view errno_name(int number);

/// Returns "stopped", "through", …
std::string_view verdict_name(Verdict verdict);

/// Returns whether the verdict lets the box pass.
constexpr bool is_good(Verdict verdict) {
  return verdict == Verdict::stopped || verdict == Verdict::works || verdict == Verdict::skipped;
}

/// The families, one per file.
std::span<const Attack> privilege_attacks();
std::span<const Attack> kernel_attacks();
std::span<const Attack> socket_attacks();
std::span<const Attack> network_attacks();
std::span<const Attack> name_attacks();
std::span<const Attack> rule_attacks();
std::span<const Attack> file_attacks();
std::span<const Attack> limit_attacks();

/// Returns all families, in the order of the proof card.
std::array<std::span<const Attack>, 8> all_attacks();

/// Returns whether `attack` is a core attack, which [verify] on_start runs: they take a few microseconds each.
bool is_core(const Attack& attack);

} // namespace agentbox::attacks
