// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>

#include "config/config_layer.hpp"
#include "policy/public_suffix.hpp"
#include "support/lines.hpp"
#include "support/text.hpp"

namespace agentbox::config {
namespace {

constexpr std::size_t k_max_allow_line = 300;
constexpr std::size_t k_max_mistakes = 20; // the wrong file should not fill the screen

/// Calls `read(text, where)` for each line that is not empty; it returns what is wrong with the line, if anything.
/// Returns the number of mistakes.
template <typename Read>
std::size_t read_lines(std::string_view text, const std::string& shown, policy::Diagnostics& diagnostics, Read read) {
  std::size_t mistakes = 0;
  std::size_t number = 0;
  for (const std::string_view whole : support::lines(text)) {
    const std::string_view line = support::trim(whole.substr(0, whole.find('#')));
    const std::string where = shown + ":" + std::to_string(++number);
    std::optional<policy::EntryProblem> problem;
    if (whole.size() > k_max_allow_line) {
      problem = {"the line is longer than " + std::to_string(k_max_allow_line) + " bytes", ""};
    } else if (!line.empty()) {
      problem = read(line, where);
    }
    if (problem) {
      diagnostics.push_back({where, std::move(problem->message), std::move(problem->hint)});
      if (++mistakes == k_max_mistakes) {
        diagnostics.push_back({shown, "too many errors; the rest of the file was not read", ""});
        break;
      }
    }
  }
  return mistakes;
}

/// Adds the entry that `parse` makes of `text`, or returns what is wrong with it.
template <typename Item>
std::optional<policy::EntryProblem> add_parsed(std::variant<Item, policy::EntryProblem> parsed,
                                               const std::string& where, std::vector<Located<Item>>& list) {
  if (auto* problem = std::get_if<policy::EntryProblem>(&parsed)) {
    return std::move(*problem);
  }
  list.push_back({std::get<Item>(std::move(parsed)), where});
  return std::nullopt;
}

} // namespace

std::vector<Located<policy::AllowEntry>> parse_allow_file(std::string_view text, const std::filesystem::path& file,
                                                          policy::Diagnostics& diagnostics) {
  const std::string shown = support::escape_untrusted(file.string(), 4096);
  std::vector<Located<policy::AllowEntry>> entries;
  const std::size_t mistakes =
      read_lines(text, shown, diagnostics, [&](std::string_view line, const std::string& where) {
        return add_parsed(policy::parse_listed_entry(line), where, entries);
      });
  if (entries.empty() && mistakes == 0) {
    diagnostics.push_back({shown, "the file has no entries", "write one HOST or HOST:PORT per line"});
  }
  return entries;
}

void parse_saved_hosts(std::string_view text, const std::filesystem::path& file, ConfigLayer& layer,
                       policy::Diagnostics& diagnostics) {
  read_lines(text, support::escape_untrusted(file.string(), 4096), diagnostics,
             [&](std::string_view line, const std::string& where) -> std::optional<policy::EntryProblem> {
               const auto blank = line.find(' ');
               const std::string_view verb = line.substr(0, blank);
               const std::string_view host = blank == std::string_view::npos ? "" : support::trim(line.substr(blank));
               if (verb == "allow") {
                 return add_parsed(policy::parse_listed_entry(host), where, layer.allow);
               }
               if (verb == "deny") {
                 return add_parsed(policy::parse_block_pattern(host), where, layer.block);
               }
               return policy::EntryProblem{support::in_quotes(line, 80) + " is not a saved host",
                                           "write allow HOST[:PORT] or deny HOST, one per line"};
             });
}

} // namespace agentbox::config
