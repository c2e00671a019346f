// SPDX-License-Identifier: Apache-2.0
// Git's configuration format, as Git itself reads it (config.c). Git is never run: it obeys what it finds.
#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace agentbox::git {

/// One setting of a configuration file. The views are valid as long as the call that hands it out.
struct Setting {
  std::string_view section;                   ///< in lower case; empty before the first header
  std::optional<std::string_view> subsection; ///< as written between quotes; in lower case in [section.name]
  std::string_view key;                       ///< in lower case
  bool has_value = false;                     ///< "key" alone means true
  std::string_view value;                     ///< without quotes, escapes and comments, as Git 2.45 and later read it
  std::string_view older_value;               ///< as Git before 2.45 did: a tab inside, outside of quotes, is a blank
  bool exact = true;                          ///< false behind a mistake: Git stops there, others may go on
};

/// "section.subsection.key", as git config --list names it.
std::string full_name(const Setting& setting);

/// Hands out each setting of `text` in turn, and returns the line of the first mistake, if there is one. Reads any
/// bytes, in time and memory proportional to their number. Behind a mistake it goes on with the next line, or the rest
/// of the value, for programs other than Git do.
std::optional<std::size_t> read_settings(std::string_view text, const std::function<void(const Setting&)>& take);

/// Whether the value means true, as Git reads it: no value, yes, on, true, a number but 0.
bool is_true(const Setting& setting);

} // namespace agentbox::git
