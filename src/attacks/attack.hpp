// SPDX-License-Identifier: Apache-2.0
// What a hostile process in the box could try, as a table of small functions. Linked statically, without exceptions.
// agent-entrypoint runs some of them before the agent, `agentbox verify` all of them.
#pragma once
#include <array>
#include <initializer_list>
#include <span>
#include <string_view>

#include "protocol/verdict.hpp"

namespace agentbox::attacks {

using protocol::Expected;
using protocol::Verdict;

/// The result of one attempt. Sent through a pipe as bytes, so it has only values.
struct AttackResult {
  Verdict verdict = Verdict::inconclusive;
  std::array<char, 120> text{}; ///< "EPERM", "no answer"; ends in NUL
};

/// One attack. The strings contain no tab and no newline.
struct Attack {
  const char* name;    ///< stable, in-lower-case: scripts compare it
  const char* tried;   ///< "make a user namespace"
  const char* defence; ///< what stops it: "seccomp", "ruleset", …
  AttackResult (*attempt)(const Expected&);
  bool core = false; ///< [verify] on_start runs it: it takes a few microseconds
};

/// The value of Attack::core, readable in a table.
inline constexpr bool k_core = true;

/// The attacks of one file.
struct AttackFamily {
  const char* name; ///< "privileges", "kernel", "sockets", "network", "names", "rules", "files", "limits"
  std::span<const Attack> attacks;
};

/// Returns a result with `text`, truncated to fit.
AttackResult attack_result(Verdict verdict, std::string_view text);

/// Returns the result of a system call: -1 with one of `refusals` in errno is stopped, with another errno inconclusive,
/// anything else allowed.
AttackResult refused_with(long result, std::initializer_list<int> refusals);

/// Returns the result of a positive control's system call: works unless `result` is -1.
AttackResult must_work(long result);

/// Returns an errno's name, "EPERM".
std::string_view errno_name(int number);

AttackFamily privilege_attacks();
AttackFamily kernel_attacks();
AttackFamily socket_attacks();
AttackFamily network_attacks();
AttackFamily name_attacks();
AttackFamily rule_attacks();
AttackFamily file_attacks();
AttackFamily limit_attacks();

/// Returns all families, in the order of the report.
std::array<AttackFamily, 8> all_attacks();

} // namespace agentbox::attacks
