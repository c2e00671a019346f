// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "firewall/audit/audit_record.hpp"

namespace agentbox::firewall::audit {

/// What all decisions of one kind on one host come to, as a place of the file NAME.totals holds it: a line of JSON of
/// k_place bytes, filled up with blanks. With it, what other hosts come to that had this place before: so replacing one
/// is one write, and no kill falls between two.
struct Sum {
  struct Others {
    std::uint64_t count = 0;
    std::uint64_t bytes_up = 0;
    std::uint64_t bytes_down = 0;
    std::string first; ///< time
    std::string last;

    bool operator==(const Others&) const = default;
  };
  AuditRecord record; ///< with `count` and `first`
  Others others;

  bool operator==(const Sum&) const = default;
};

/// A divisor of every page's size: the kernel writes a page as a whole or not at all.
inline constexpr std::size_t k_place = 1024;

/// The file of a box named `box`, next to its log.
std::string totals_file(const std::string& box);

/// Decisions of the same group share a bound on how many hosts are kept apart: kind, verdict and reason.
std::string group_of(const AuditRecord& record);

/// Decisions with the same key are summed: those of a group on one host (name, else address), port and protocol.
std::string key_of(const AuditRecord& record);

/// Adds the decisions of `more`, whose key is the same, and takes over its text, rule and address: the last ones count.
void add(AuditRecord& sum, const AuditRecord& more);

/// The part of a place that changes seldom. Strings are escaped, and cut so that the rest fits behind it.
std::string fixed_part(const AuditRecord& record);

/// The whole place: k_place bytes, the last one a newline.
std::string to_place(std::string_view fixed, const Sum& sum);

/// Parses a place; nothing when the bytes are not one, or one that is just being written.
std::optional<Sum> from_place(std::string_view place);

/// The hosts that had the place before as one record, with the address k_other_hosts; nothing when there was none.
std::optional<AuditRecord> others_of(const Sum& sum);

} // namespace agentbox::firewall::audit
