// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace agentbox::config {

/// TOML `text` with the string `value` added at the end of the list `table`.`key`, which is made where it is missing.
/// Everything else stays byte for byte: comments, order, quotes, line ends. The result is read again, and returned only
/// if it means what `text` meant with `value` added, and nothing else; otherwise nothing is returned, as for a text
/// that does not parse and for forms that cannot be added to (an inline table without the list). Pure.
std::optional<std::string> add_to_list(std::string_view text, const std::string& table, const std::string& key,
                                       const std::string& value);

/// `text` as a TOML basic string, in quotes.
std::string quote_toml(std::string_view text);

} // namespace agentbox::config
