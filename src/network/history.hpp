// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "firewall/audit/record.hpp"

namespace agentbox::network {

/// Which records are wanted.
struct Filter {
  std::optional<std::string> box;   ///< of this box only
  std::optional<std::string> since; ///< not before this time, as parse_since() writes it

  bool wants(const firewall::audit::Record& record) const;
};

/// The records of the audit logs in `folder`, those of before the last rotation included, by time. At most the last
/// 64 MiB of each box. Links, and lines that are no record, are passed over.
std::vector<firewall::audit::Record> read_history(const std::filesystem::path& folder, const Filter& filter);

/// The boxes that have a log in `folder`, sorted.
std::vector<std::string> boxes_with_history(const std::filesystem::path& folder);

/// Removes the logs that were written to longest ago until those that are left take at most `max_bytes`. `keep` are
/// boxes whose logs stay. A folder that is not there is none.
void prune_history(const std::filesystem::path& folder, std::uintmax_t max_bytes, const std::vector<std::string>& keep);

/// Whether `name` can be the name of a box, and so of a file in `folder`.
bool is_box_name(std::string_view name);

} // namespace agentbox::network
