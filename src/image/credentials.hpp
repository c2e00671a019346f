// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace agentbox::image {

/// What kind of credential `text` seems to hold ("a private key", "an OpenAI key"), or nothing. Pure.
std::optional<std::string_view> credential_in_text(std::string_view text);

/// Whether a variable or build argument of this name seems to hold a credential: *_KEY, *_TOKEN, *PASSWORD*, …
/// Names of public keys do not. Pure.
bool is_credential_name(std::string_view name);

/// Whether a file of this path seems to be a credential: id_ed25519, .netrc, .env, .aws/credentials, *.key, … Pure.
bool is_credential_file(std::string_view path);

/// Throws Error(refused) naming the first build argument, label or variable whose name or value looks like a
/// credential. The value is never part of the message.
void refuse_credentials(const std::string& what, const std::map<std::string, std::string>& values);

/// Throws Error(refused) naming the first regular file below `folder` whose name or content looks like a credential.
void refuse_credentials_in_folder(const std::filesystem::path& folder);

} // namespace agentbox::image
