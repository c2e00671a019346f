// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::support {

/// `text` made safe for a terminal and for one line of a log: control bytes (ESC, newline, DEL, C1) and invalid UTF-8
/// become \xNN, and what is longer than `max_bytes` is cut with "...". Use it on everything that comes from the box.
std::string escape_untrusted(std::string_view text, std::size_t max_bytes = 300);

/// escape_untrusted() between double quotes, for a message that names a path, a host or a key.
std::string in_quotes(std::string_view text, std::size_t max_bytes = 120);

/// Whether `text` is well-formed UTF-8 (RFC 3629), control characters included.
bool is_utf8(std::string_view text);

/// The candidate nearest to `word` by edit distance, when it is near enough to be a slip of the hand.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

/// `, did you mean "x"?` for a near candidate, else empty.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

/// `parts` with `separator` between them.
std::string join(const std::vector<std::string>& parts, std::string_view separator);

} // namespace agentbox::support
