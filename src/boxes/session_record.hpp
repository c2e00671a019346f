// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace agentbox::boxes {

/// session.json: what other agentbox calls need to know of a box.
struct SessionRecord {
  std::string name;
  std::string pod;
  std::string workspace;
  std::string agent;
  std::string command;        ///< what runs, as one line for people
  std::int64_t pid = 0;       ///< of the launcher
  std::int64_t started = 0;   ///< seconds since the epoch
  std::string agent_image;    ///< id
  std::string firewall_image; ///< id
  bool full_network = false;

  bool operator==(const SessionRecord&) const = default;
};

/// The record as it is written: JSON, two-space indent, final newline.
std::string to_json(const SessionRecord& record);
/// The reverse; nothing when `text` is no record (a launcher that died while it wrote).
std::optional<SessionRecord> record_from_json(std::string_view text);

} // namespace agentbox::boxes
