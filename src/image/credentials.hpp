// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string_view>

namespace agentbox::image {

inline constexpr std::string_view k_google_api_key = "a Google API key";

/// Returns what kind of key `text` seems to hold ("a private key", "a GitHub token"), or nothing. Pure.
std::optional<std::string_view> key_in_text(std::string_view text);

/// Like key_in_text(); also recognizes an address with a password or token (scheme://user:password@host,
/// scheme://token@host) and an HTTP header Authorization. Pure.
std::optional<std::string_view> credential_in_text(std::string_view text);

/// Returns whether a file of this path seems to be a credential: id_ed25519, .netrc, .env, .aws/credentials, *.key, ...
/// Pure.
bool is_credential_file(std::string_view path);

} // namespace agentbox::image
