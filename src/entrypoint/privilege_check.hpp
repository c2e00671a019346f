// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string_view>

namespace agentbox::entrypoint {

/// What is wrong with the confinement that `status` (/proc/self/status) describes, for an error message; nothing when
/// NoNewPrivs is 1 and the inheritable, permitted, effective, bounding and ambient capability sets are all empty.
/// A line that is missing counts as wrong. Pure.
std::optional<std::string_view> confinement_problem(std::string_view status);

/// Ends the process (126) unless it runs confined: no uid 0 (real, effective or saved), and confinement_problem() is
/// silent about the process itself.
void require_confinement();

} // namespace agentbox::entrypoint
