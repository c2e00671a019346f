// SPDX-License-Identifier: Apache-2.0
#include "firewall/control/control_message.hpp"

#include <nlohmann/json.hpp>

#include "support/text.hpp"

namespace agentbox::firewall::control {
namespace {

using nlohmann::json;

constexpr std::size_t k_max_text = 1200; // three of them, escaped as JSON, fit in k_max_message

std::string line_of(const json& object) {
  return object.dump(-1, ' ', true, json::error_handler_t::replace) + '\n';
}

ControlReply malformed(const char* why) {
  return {false, std::string("the message to the firewall is malformed: ") + why, ""};
}

} // namespace

std::string_view verb_text(ControlRequest::Verb verb) {
  return verb == ControlRequest::Verb::allow ? "allow" : "deny";
}

std::string to_line(const ControlRequest& request) {
  const auto& [verb, host, seconds] = request;
  return line_of({{"verb", verb_text(verb)}, {"host", host}, {"seconds", seconds}});
}

std::string to_line(const ControlReply& reply) {
  const auto& [ok, message, hint] = reply;
  return line_of({{"ok", ok},
                  {"message", support::escape_untrusted(message, k_max_text)},
                  {"hint", support::escape_untrusted(hint, k_max_text)}});
}

std::variant<ControlRequest, ControlReply> parse_request(std::string_view line) {
  if (line.size() >= k_max_message) {
    return malformed("it is too long");
  }
  const json object = json::parse(line, nullptr, false);
  if (!object.is_object() || object.size() != 3 || !object.contains("verb") || !object.contains("host") ||
      !object.contains("seconds")) {
    return malformed("it is not an object with verb, host and seconds");
  }
  const json& verb = object["verb"];
  const json& host = object["host"];
  const json& seconds = object["seconds"];
  ControlRequest request;
  if (verb == verb_text(ControlRequest::Verb::deny)) {
    request.verb = ControlRequest::Verb::deny;
  } else if (verb != verb_text(ControlRequest::Verb::allow)) {
    return malformed("the verb is neither allow nor deny");
  }
  if (!host.is_string()) {
    return malformed("the host is not a string");
  }
  if (!seconds.is_number_unsigned() || seconds.get<std::uint64_t>() > k_max_seconds) {
    return malformed("seconds must be an integer up to 2592000 (30 days)");
  }
  request.host = host.get<std::string>();
  request.seconds = seconds.get<std::uint32_t>();
  return request;
}

std::optional<ControlReply> parse_reply(std::string_view line) {
  const json object = line.size() < k_max_message ? json::parse(line, nullptr, false) : json();
  if (!object.is_object()) {
    return std::nullopt;
  }
  const auto ok = object.find("ok");
  const auto message = object.find("message");
  const auto hint = object.find("hint");
  if (ok == object.end() || message == object.end() || hint == object.end() || !ok->is_boolean() ||
      !message->is_string() || !hint->is_string()) {
    return std::nullopt;
  }
  return ControlReply{ok->get<bool>(), message->get<std::string>(), hint->get<std::string>()};
}

} // namespace agentbox::firewall::control
