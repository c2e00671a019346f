// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace agentbox::support {

/// Returns `text` made safe for a terminal and for one line of a log: control bytes (ESC, newline, DEL, C1), invalid
/// UTF-8 and characters that are invisible or turn text around become \xNN, and the rest after `max_bytes` becomes
/// "...". Use it on everything that comes from the box.
std::string escape_untrusted(std::string_view text, std::size_t max_bytes = 300);

/// Returns escape_untrusted() between double quotes, to name a path, a host or a key in a message.
std::string in_quotes(std::string_view text, std::size_t max_bytes = 120);

/// Returns whether `text` is well-formed UTF-8 (RFC 3629), control characters included.
bool is_utf8(std::string_view text);

/// Returns the candidate nearest to `word` by edit distance (Levenshtein), if it is near enough to be a typo.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

/// Returns `, did you mean "x"?` for the nearest() candidate, else an empty string.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

/// Returns `parts` with `separator` between them.
std::string join(const std::vector<std::string>& parts, std::string_view separator);

} // namespace agentbox::support
