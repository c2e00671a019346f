// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <initializer_list>
#include <string_view>

namespace agentbox::entrypoint {

/// Exit codes of the command line contract (the launcher passes them on).
inline constexpr int k_usage = 2;
inline constexpr int k_failed = 125;
inline constexpr int k_refused = 126;
inline constexpr int k_not_found = 127;

/// Writes "agent-entrypoint: " and `parts` as one line to stderr, bytes that are not printable ASCII as \xHH. Does not
/// allocate; truncates at 1 KiB.
void print_message(std::initializer_list<std::string_view> parts);

/// Prints like print_message(), then calls _exit(code).
[[noreturn]] void die(int code, std::initializer_list<std::string_view> parts);

/// Returns the text of errno value `error_number`.
std::string_view error_text(int error_number);

} // namespace agentbox::entrypoint
