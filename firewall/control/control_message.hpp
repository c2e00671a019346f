// SPDX-License-Identifier: Apache-2.0
// The protocol between the user's agentbox and a running firewall: one JSON object and a newline each way, one request
// per connection.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace agentbox::firewall::control {

/// Maximum bytes of a message, including its newline.
constexpr std::size_t k_max_message = 4096;
/// Maximum duration of a change that expires.
constexpr std::uint32_t k_max_seconds = 30U * 24 * 3600;

struct ControlRequest {
  enum class Verb { allow, deny };
  Verb verb = Verb::allow;
  std::string host;          ///< as in a list of hosts
  std::uint32_t seconds = 0; ///< until the change expires; 0: as long as the box runs

  bool operator==(const ControlRequest&) const = default;
};

struct ControlReply {
  bool ok = false;
  std::string message; ///< for the user: what was done, or why not
  std::string hint;

  bool operator==(const ControlReply&) const = default;
};

/// Returns "allow" or "deny".
std::string_view verb_text(ControlRequest::Verb verb);

/// Returns the message with its newline.
std::string to_line(const ControlRequest& request);
/// Returns the message with its newline. Truncates strings that are too long.
std::string to_line(const ControlReply& reply);

/// Parses `line` (without newline). Returns the request, or the reply that refuses it: each key is required, no other
/// allowed.
std::variant<ControlRequest, ControlReply> parse_request(std::string_view line);

/// Parses the reply in `line`; nullopt if it is not one.
std::optional<ControlReply> parse_reply(std::string_view line);

} // namespace agentbox::firewall::control
