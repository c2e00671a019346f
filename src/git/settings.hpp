// SPDX-License-Identifier: Apache-2.0
// Git's configuration format, as Git itself reads it (config.c). Git is never run: it would act on what it finds.
#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace agentbox::git {

/// One setting of a configuration file. The views are valid only during the call of the visitor.
struct Setting {
  std::string_view section;                   ///< in lower case; empty before the first header
  std::optional<std::string_view> subsection; ///< as written between quotes; in lower case in [section.name]
  std::string_view key;                       ///< in lower case
  bool has_value = false;                     ///< "key" alone means true
  std::string_view value;                     ///< without quotes, escapes and comments, as Git 2.45 and later read it
  std::string_view older_value;               ///< as Git before 2.45 read it: a tab outside quotes becomes a space
  bool exact = true;                          ///< false after a syntax error: Git stops there, other programs may not
};

/// Returns "section.subsection.key", as `git config --list` names it.
std::string full_name(const Setting& setting);

/// Calls `visit` for each setting of `text`, and returns the line of the first syntax error, if there is one. Accepts
/// any bytes; time and memory are linear. After an error it continues with the next line or the rest of the value, as
/// programs other than Git do.
std::optional<std::size_t> read_settings(std::string_view text, const std::function<void(const Setting&)>& visit);

/// Returns whether Git reads the value as true: no value, yes, on, true, or a number other than 0.
bool is_true(const Setting& setting);

} // namespace agentbox::git
