// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

namespace agentbox::policy {

/// Returns whether a shell could export `name`: [A-Za-z_][A-Za-z0-9_]*.
bool is_env_name(std::string_view name);

/// Returns why only agentbox may set variable `name` in the box ("it controls the dynamic loader"), or empty.
std::string_view env_name_problem(std::string_view name);

/// Returns whether `name` looks like the name of a credential (…_TOKEN, …_KEY, PASSWORD, …), whose value is never
/// shown, logged or stored in an image.
bool looks_like_secret(std::string_view name);

} // namespace agentbox::policy
