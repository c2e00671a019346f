// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

namespace agentbox::entrypoint {

/// Spares the developer a question about a key that he has just given to the box, by writing what the agent's own
/// dialog would write when `program` is that agent:
///   claude, ANTHROPIC_API_KEY: the key's last 20 characters, which are how claude knows it, as approved in
///   ~/.claude.json. codex, CODEX_API_KEY or OPENAI_API_KEY: ~/.codex/auth.json, a link to memory (/dev/shm): the key
///   is on no disk.
/// Nothing that is there already is changed in another way. Where anything is not as expected, the agent will ask.
void prepare_keys(std::string_view program);

} // namespace agentbox::entrypoint
