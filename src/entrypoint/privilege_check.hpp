// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string_view>

namespace agentbox::entrypoint {

/// Returns what is wrong with the confinement in `status` (/proc/self/status), for an error message; nothing if
/// NoNewPrivs is 1 and the inheritable, permitted, effective, bounding and ambient capability sets are all empty. A
/// missing line counts as wrong. Pure.
std::optional<std::string_view> confinement_problem(std::string_view status);

/// Returns what is wrong with the confinement in `status` of a program of a base image while the image is built: a
/// capability besides protocol::k_build_capabilities in any set, or no seccomp filter. Pure.
std::optional<std::string_view> build_problem(std::string_view status);

/// Ends the process (126) if it is not confined: a uid is 0 (real, effective or saved), or confinement_problem()
/// reports something.
void require_confinement();

} // namespace agentbox::entrypoint
