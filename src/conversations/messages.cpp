// SPDX-License-Identifier: Apache-2.0
#include "conversations/messages.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "support/lines.hpp"

namespace agentbox::conversations {
namespace {

using nlohmann::json;

std::string string_at(const json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const json& at(const json& object, const char* key) {
  static const json none;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found == object.end() ? none : *found;
}

/// Parses a line; null when damaged, nested deeper or with more values than agents write: both cost memory and time.
json parse(std::string_view line) {
  constexpr int k_max_depth = 64;
  constexpr std::size_t k_max_values = 100'000;
  std::size_t values = 0;
  const auto count = [&](int depth, json::parse_event_t, const json&) {
    if (depth > k_max_depth || ++values > k_max_values) {
      throw std::length_error("not written by an agent");
    }
    return true;
  };
  try {
    json parsed = json::parse(line, count, false);
    return parsed.is_discarded() ? json() : parsed;
  } catch (const std::length_error&) {
    return {};
  }
}

/// Returns a string, or the joined text of a list of content blocks: {"type": "text", "text": …} ("Text" in Codex).
std::string content_text(const json& content) {
  if (content.is_string()) {
    return content.get<std::string>();
  }
  std::string text;
  if (content.is_array()) {
    for (const json& block : content) {
      const std::string kind = string_at(block, "type");
      if (const std::string part = string_at(block, "text"); (kind == "text" || kind == "Text") && !part.empty()) {
        text += (text.empty() ? "" : "\n") + part;
      }
    }
  }
  return text;
}

/// Returns the joined text of a list of Gemini's parts, {"text": …}, without the model's thoughts.
std::string parts_text(const json& parts) {
  std::string text;
  for (const json& part : parts.is_array() ? parts : json::array()) {
    if (const std::string one = string_at(part, "text"); !one.empty() && at(part, "thought") != true) {
      text += (text.empty() ? "" : "\n") + one;
    }
  }
  return text;
}

/// Parses a line of Gemini CLI: {"id": …, "type": "user" or "gemini", "content": text or parts}.
std::optional<Message> gemini_message(const json& line, const std::string& type) {
  const json& content = at(line, "content");
  if ((type != "user" && type != "gemini") || content.is_null()) {
    return std::nullopt;
  }
  return Message{type == "user", content.is_string() ? content.get<std::string>() : parts_text(content)};
}

/// Parses a line of Claude Code: {"type": "user", "message": {"content": …}}, but not what it told the model itself;
/// and of Qwen Code: {"type": "user", "message": {"parts": […]}}.
std::optional<Message> claude_message(const json& line, const std::string& type) {
  if ((type != "user" && type != "assistant") || at(line, "isMeta") == true || at(line, "isSidechain") == true) {
    return std::nullopt;
  }
  const json& message = at(line, "message");
  const json& parts = at(message, "parts");
  return Message{type == "user", parts.is_array() ? parts_text(parts) : content_text(at(message, "content"))};
}

/// Parses a line of Copilot: {"type": "user.message", "data": {"content": …}}.
std::optional<Message> copilot_message(const json& line, const std::string& type) {
  if (type != "user.message" && type != "assistant.message") {
    return std::nullopt;
  }
  return Message{type == "user.message", string_at(at(line, "data"), "content")};
}

/// Parses a line of Codex: {"type": "event_msg", "payload": {"type": "item_completed", "item": {"type": "UserMessage",
/// "content": …}}}; or older: {"type": "user_message", "message": …} as the payload.
std::optional<Message> codex_message(const json& line, const std::string& type) {
  const json& payload = at(line, "payload");
  const json& item = at(payload, "item");
  const std::string event = type != "event_msg" ? ""
                            : item.is_object()  ? string_at(item, "type")
                                                : string_at(payload, "type");
  const bool by_user = event == "UserMessage" || event == "user_message";
  if (!by_user && event != "AgentMessage" && event != "agent_message") {
    return std::nullopt;
  }
  return Message{by_user, item.is_object() ? content_text(at(item, "content")) : string_at(payload, "message")};
}

} // namespace

std::vector<Message> messages(std::string_view json_lines, std::size_t max) {
  std::vector<Message> found;
  for (const std::string_view text : support::lines(json_lines)) {
    if (found.size() == max) {
      break;
    }
    const json line = parse(text);
    const std::string type = string_at(line, "type");
    std::optional<Message> message = gemini_message(line, type);
    message = message ? std::move(message) : claude_message(line, type);
    message = message ? std::move(message) : codex_message(line, type);
    message = message ? std::move(message) : copilot_message(line, type);
    if (message && !message->text.empty()) {
      found.push_back(*std::move(message));
    }
  }
  return found;
}

} // namespace agentbox::conversations
