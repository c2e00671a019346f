// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace agentbox::policy {

/// Returns Git configuration `text` without the credentials in it: user and password, or a token, in URLs, and headers
/// with an authorization (http.extraHeader); nothing when it has none. Keeps a short user name without a password, such
/// as that of ssh. Pure; accepts any bytes.
std::optional<std::string> without_credentials(std::string_view text);

} // namespace agentbox::policy
