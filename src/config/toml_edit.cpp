// SPDX-License-Identifier: Apache-2.0
#include "config/toml_edit.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fmt/format.h>
#include <vector>

#include "config/toml_guard.hpp"
#include "config/toml_reader.hpp"

namespace agentbox::config {
namespace {

std::optional<toml::table> parse(std::string_view text) {
  policy::Diagnostics ignored;
  return parse_toml(text, "", ignored);
}

/// The list as it stands in the text.
struct ListPlace {
  std::size_t open = 0;             ///< of '['
  std::size_t close = 0;            ///< of ']'
  std::size_t last_begin = 0;       ///< of the last value; 0: the list is empty
  std::size_t last_end = 0;         ///< behind it
  std::optional<std::size_t> comma; ///< behind the last value
};

/// Where the token ends that begins at `at`: a string of any of the four kinds, or one character.
std::size_t end_of_token(std::string_view text, std::size_t at) {
  const char quote = text[at];
  if (quote != '"' && quote != '\'') {
    return at + 1;
  }
  const std::string three(3, quote);
  const bool is_long = text.substr(at, 3) == three;
  std::size_t end = at + (is_long ? 3 : 1);
  while (end < text.size()) {
    if (text[end] == '\\' && quote == '"') {
      end += 2;
    } else if (is_long ? text.substr(end, 3) == three : text[end] == quote) {
      end += is_long ? 3 : 1;
      while (is_long && end < text.size() && text[end] == quote) {
        ++end; // up to two quotes may stand before the closing ones
      }
      return end;
    } else {
      ++end;
    }
  }
  return text.size();
}

/// Reads the list that begins at `open`. The text is known to be TOML.
std::optional<ListPlace> read_list(std::string_view text, std::size_t open) {
  ListPlace place;
  place.open = open;
  std::size_t depth = 0;
  for (std::size_t at = open; at < text.size();) {
    const char c = text[at];
    const std::size_t end = end_of_token(text, at);
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    depth += c == '[' || c == '{' ? 1 : 0;
    if ((c == ']' || c == '}') && --depth == 0) {
      place.close = at;
      return place;
    }
    if (depth == 1 && c == ',') {
      place.comma = at;
    } else if (at != open && std::string_view(" \t\r\n").find(c) == std::string_view::npos) {
      place.last_begin = place.comma || place.last_end == 0 ? at : place.last_begin;
      place.last_end = end;
      place.comma.reset();
    }
    at = end;
  }
  return std::nullopt;
}

/// The offset of line and column (from 1, in characters), or nothing when `wanted` does not stand there.
std::optional<std::size_t> offset_of(std::string_view text, toml::source_position position, char wanted) {
  std::size_t at = 0;
  for (std::uint32_t line = 1; line < position.line; ++line) {
    at = text.find('\n', at);
    if (at == std::string_view::npos) {
      return std::nullopt;
    }
    ++at;
  }
  for (std::uint32_t column = 1; column < position.column && at < text.size(); ++column) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) {
      ++at;
    }
  }
  return at < text.size() && text[at] == wanted ? std::optional(at) : std::nullopt;
}

std::string line_end(std::string_view text) {
  return text.find("\r\n") == std::string_view::npos ? "\n" : "\r\n";
}

/// The blanks at the start of the line that `at` stands in.
std::string indent_of(std::string_view text, std::size_t at) {
  const auto newline = text.rfind('\n', at);
  const std::size_t start = newline == std::string_view::npos ? 0 : newline + 1;
  const std::size_t end = std::min(text.find_first_not_of(" \t", start), text.size());
  return std::string(text.substr(start, end - start));
}

std::string add_to(std::string_view text, const ListPlace& place, const std::string& value) {
  std::string result(text);
  if (place.last_end == 0) {
    return result.insert(place.open + 1, value);
  }
  const std::size_t behind = place.comma ? *place.comma + 1 : place.last_end;
  const std::size_t newline = text.find('\n', behind);
  if (newline == std::string_view::npos || newline > place.close) { // on one line with the bracket
    return result.insert(behind, place.comma ? " " + value + "," : ", " + value);
  }
  // A line of its own, below the one of the last value, whose comment stays with it.
  result.insert(newline + 1, indent_of(text, place.last_begin) + value + (place.comma ? "," : "") + line_end(text));
  return place.comma ? result : result.insert(place.last_end, ",");
}

/// Every text that could be the one with a new list in it, the nicest first.
std::vector<std::string> with_new_list(std::string_view text, const std::string& table, const std::string& line) {
  const std::string end = line_end(text);
  std::vector<std::string> texts;
  for (std::size_t at = 0; at < text.size();) { // behind what looks like the table's heading
    const std::size_t newline = std::min(text.find('\n', at), text.size());
    std::string heading(text.substr(at, newline - at));
    heading = heading.substr(0, heading.find('#'));
    std::erase_if(heading, [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
    if (heading == "[" + table + "]") {
      const std::string before(text.substr(0, newline));
      const std::string rest(newline < text.size() ? text.substr(newline + 1) : "");
      texts.push_back(before + (newline < text.size() ? "\n" : end) + line + end + rest);
    }
    at = newline + 1;
  }
  const bool ended = text.empty() || text.ends_with('\n');
  std::string whole(text);
  whole += ended ? "" : end;
  whole += text.empty() ? "" : end;
  texts.push_back(whole + "[" + table + "]" + end + line + end); // a table of its own at the end
  texts.push_back(table + "." + line + end + std::string(text)); // where the table is written with dotted keys
  return texts;
}

} // namespace

std::string quote_toml(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
    }
    const auto byte = static_cast<unsigned char>(c);
    result += byte < 0x20 || byte == 0x7F ? fmt::format("\\u{:04X}", static_cast<unsigned>(byte)) : std::string(1, c);
  }
  return result + "\"";
}

std::optional<std::string> add_to_list(std::string_view text, const std::string& table, const std::string& key,
                                       const std::string& value) {
  auto wanted = parse(text);
  if (!wanted) {
    return std::nullopt;
  }
  std::vector<std::string> candidates;
  if (const toml::array* list = (*wanted)[table][key].as_array()) {
    const auto open = offset_of(text, list->source().begin, '[');
    const auto place = open ? read_list(text, *open) : std::nullopt;
    if (place) {
      candidates.push_back(add_to(text, *place, quote_toml(value)));
    }
  } else {
    candidates = with_new_list(text, table, key + " = [" + quote_toml(value) + "]");
  }
  // What it must mean.
  if (!wanted->contains(table)) {
    wanted->insert(table, toml::table());
  }
  toml::table* parent = (*wanted)[table].as_table();
  if (parent == nullptr) {
    return std::nullopt;
  }
  if (!parent->contains(key)) {
    parent->insert(key, toml::array());
  }
  toml::array* list = (*parent)[key].as_array();
  if (list == nullptr) {
    return std::nullopt;
  }
  list->push_back(value);
  const auto means_it = [&](const std::string& candidate) {
    const auto read = parse(candidate);
    return read && *read == *wanted;
  };
  const auto found = std::find_if(candidates.begin(), candidates.end(), means_it);
  return found == candidates.end() ? std::nullopt : std::optional(*found);
}

} // namespace agentbox::config
