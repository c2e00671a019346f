// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::boxes {

/// session.json: what other agentbox processes need to know about a box.
struct SessionRecord {
  std::string name;
  std::string pod;
  std::string workspace;
  std::string agent;
  std::string command;        ///< what runs in it, as one line for display
  std::int64_t pid = 0;       ///< of the launcher; to signal it use open_launcher()
  std::int64_t started = 0;   ///< seconds since the epoch
  std::string agent_image;    ///< id
  std::string firewall_image; ///< id
  bool full_network = false;
  std::string home = {};                  ///< the kept home on the host; empty: none
  std::string level = {};                 ///< the SELinux level of the project; empty without SELinux
  std::vector<std::string> labelled = {}; ///< paths of the user's that have this level while the box runs

  bool operator==(const SessionRecord&) const = default;
};

/// Returns the record as JSON: two-space indent, final newline.
std::string to_json(const SessionRecord& record);
/// Parses the output of to_json(); returns nothing when `text` is not a valid record.
std::optional<SessionRecord> record_from_json(std::string_view text);

} // namespace agentbox::boxes
