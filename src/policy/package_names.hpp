// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

namespace agentbox::policy {

/// Returns whether `text` can be the name of a package of a distribution: at most 100 letters, digits and + . _ : @ -,
/// not an option. Pure.
bool is_package_name(std::string_view text);

/// Returns whether `text` is the name of a package of npm's registry: "name" or "@scope/name". Pure.
bool is_npm_name(std::string_view text);

/// Returns whether `text` is NAME@VERSION with a NAME of npm's registry and a version or tag. Pure.
bool is_npm_package(std::string_view text);

} // namespace agentbox::policy
