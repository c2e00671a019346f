// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

namespace agentbox::entrypoint {

/// Makes Codex's ~/.codex/auth.json and Gemini CLI's ~/.gemini/oauth_creds.json symbolic links into the directories
/// with their logins, if the box has them. Both follow the link when they renew the login.
void link_logins();

/// Saves the user a question about a key that was given to the box, by writing what the agent's own dialog would write
/// if `program` is that agent:
///   claude, ANTHROPIC_API_KEY: the key's last 20 characters, by which claude identifies it, as approved in
///   ~/.claude.json. codex, CODEX_API_KEY or OPENAI_API_KEY: ~/.codex/auth.json, a link to memory (/dev/shm): the key
///   is on no disk.
/// Changes nothing else in existing files. If anything is not as expected, the agent will ask.
void prepare_keys(std::string_view program);

} // namespace agentbox::entrypoint
