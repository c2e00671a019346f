// SPDX-License-Identifier: Apache-2.0
// What the user's agentbox and a running firewall say to each other: one JSON object and a newline each way, one
// request a connection.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace agentbox::firewall::control {

/// Bytes of a message with its newline, at most, either way.
constexpr std::size_t k_max_message = 4096;
/// Longest time that a change can be asked for; without one it holds as long as the box.
constexpr std::uint32_t k_max_seconds = 30U * 24 * 3600;

struct ControlRequest {
  enum class Verb { allow, deny };
  Verb verb = Verb::allow;
  std::string host;          ///< as in a list of hosts
  std::uint32_t seconds = 0; ///< 0: as long as the box lives

  bool operator==(const ControlRequest&) const = default;
};

struct ControlReply {
  bool ok = false;
  std::string message; ///< what was done, or why not, for people
  std::string hint;

  bool operator==(const ControlReply&) const = default;
};

/// "allow" or "deny".
std::string_view verb_text(ControlRequest::Verb verb);

/// The message with its newline.
std::string to_line(const ControlRequest& request);
/// Strings that are too long are cut.
std::string to_line(const ControlReply& reply);

/// The request in `line` (no newline), or the reply that refuses it. Every key must be there, and no other.
std::variant<ControlRequest, ControlReply> parse_request(std::string_view line);

/// The reply in `line`, or nothing when it is none.
std::optional<ControlReply> parse_reply(std::string_view line);

} // namespace agentbox::firewall::control
