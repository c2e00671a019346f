// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

namespace agentbox::policy {

/// Whether `name` is a name that a shell could export: [A-Za-z_][A-Za-z0-9_]*.
bool is_env_name(std::string_view name);

/// Why variable `name` cannot be set in the box by anyone but agentbox ("it steers the dynamic loader"), or empty.
std::string_view env_name_problem(std::string_view name);

/// Whether `name` looks like the name of a credential (…_TOKEN, …_KEY, PASSWORD, …). Its value is never shown, never
/// logged, and never goes into an image.
bool looks_like_secret(std::string_view name);

} // namespace agentbox::policy
