// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::conversations {

struct Message {
  bool by_user = false; ///< else by the agent
  std::string text;     ///< untrusted
};

/// Returns what the user and the agent wrote, of a conversation of Claude Code (`~/.claude/projects`), Codex
/// (`~/.codex/sessions`), Qwen Code, Copilot or Gemini CLI. Lines that are damaged, of another kind, or have more than
/// 100,000 values are skipped. At most `max` messages.
std::vector<Message> messages(std::string_view json_lines, std::size_t max);

} // namespace agentbox::conversations
