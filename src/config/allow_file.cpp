// SPDX-License-Identifier: Apache-2.0
#include "config/config_layer.hpp"
#include "policy/public_suffix.hpp"
#include "support/text.hpp"

namespace agentbox::config {
namespace {

constexpr std::size_t k_max_allow_line = 300;
constexpr std::size_t k_max_mistakes = 20; // a file that is no list at all should not fill the screen

std::string_view trimmed(std::string_view line) {
  line = line.substr(0, line.find('#'));
  const auto first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) {
    return {};
  }
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

/// Adds the entry of one line, or what is wrong with it. True when there was a mistake.
bool read_line(std::string_view line, const std::string& where, std::vector<Located<policy::AllowEntry>>& entries,
               policy::Diagnostics& diagnostics) {
  if (line.size() > k_max_allow_line) {
    diagnostics.push_back({where, "the line is longer than " + std::to_string(k_max_allow_line) + " bytes", ""});
    return true;
  }
  const std::string_view text = trimmed(line);
  if (text.empty()) {
    return false;
  }
  policy::AllowResult result = policy::parse_listed_entry(text);
  if (auto* problem = std::get_if<policy::EntryProblem>(&result)) {
    diagnostics.push_back({where, std::move(problem->message), std::move(problem->hint)});
    return true;
  }
  entries.push_back({std::get<policy::AllowEntry>(std::move(result)), where});
  return false;
}

} // namespace

std::vector<Located<policy::AllowEntry>> parse_allow_file(std::string_view text, const std::filesystem::path& file,
                                                          policy::Diagnostics& diagnostics) {
  const std::string shown = support::escape_untrusted(file.string(), 4096);
  std::vector<Located<policy::AllowEntry>> entries;
  std::size_t mistakes = 0;
  for (std::size_t number = 1; !text.empty() && mistakes < k_max_mistakes; ++number) {
    const auto end = text.find('\n');
    mistakes += read_line(text.substr(0, end), shown + ":" + std::to_string(number), entries, diagnostics) ? 1U : 0U;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  if (mistakes == k_max_mistakes) {
    diagnostics.push_back({shown, "there are too many mistakes; the rest of the file was not read", ""});
  }
  if (entries.empty() && mistakes == 0) {
    diagnostics.push_back({shown, "the file lists no host", "write one HOST or HOST:PORT a line"});
  }
  return entries;
}

} // namespace agentbox::config
