// SPDX-License-Identifier: Apache-2.0
// Files that are empty in the box because of their name, at every depth of the project.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::policy {

/// Returns whether files called `name` are hidden: .env, .env.production, .env.local.bak and the like, but not examples
/// (.env.example). In any letter case. Pure.
bool is_hidden_name(std::string_view name);

/// Returns whether programs keep credentials in files called `name` (.npmrc, .netrc): hidden if holds_token(). Pure.
bool may_hold_token(std::string_view name);

/// Returns whether `text`, the content of a file for whose name may_hold_token() is true, contains a credential, and
/// not only the name of a variable that contains it (${NPM_TOKEN}). Pure; accepts any bytes.
bool holds_token(std::string_view name, std::string_view text);

/// Returns whether one of these rules may hide `path` although no list names it, so that [mask] except may. Pure.
bool may_be_hidden(std::string_view path);

/// Maximum number of bytes to read of such a file; a longer file counts as having a token.
inline constexpr std::size_t k_max_token_file = 65536;

/// Returns whether [mask] except shows `path` to the box: an entry covers itself and the paths below it, and without a
/// slash every file of that name. Pure.
bool is_shown(std::string_view path, const std::vector<std::string>& except);

} // namespace agentbox::policy
