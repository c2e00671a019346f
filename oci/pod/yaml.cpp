// SPDX-License-Identifier: Apache-2.0
#include "oci/pod/yaml.hpp"

#include <algorithm>
#include <yaml-cpp/yaml.h>

#include "support/ascii.hpp"
#include "support/error.hpp"
#include "support/lines.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::ordered_json;

/// Returns whether every YAML reader, including those of YAML 1.1, reads the bare word as a string.
bool is_plain(const std::string& text) {
  const auto inner = [](char c) {
    return support::is_letter(c) || support::is_digit(c) || support::contains(std::string_view("-_./"), c);
  };
  if (text.empty() || !(support::is_letter(text.front()) || text.front() == '/') ||
      !std::all_of(text.begin(), text.end(), inner)) {
    return false;
  }
  constexpr std::string_view k_words[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf"};
  return !support::contains(k_words, support::lower(text));
}

/// Returns whether there is an empty line above one that looks like a comment: indent_comments() would remove it.
bool has_gap_above_comment(const std::string& text) {
  for (std::size_t gap = text.find("\n\n"); gap != std::string::npos; gap = text.find("\n\n", gap + 1)) {
    const std::size_t next = text.find_first_not_of(' ', gap + 2);
    if (next != std::string::npos && text[next] == '#') {
      return true;
    }
  }
  return false;
}

/// Returns whether `text` can be written as a block and read back unchanged.
bool is_block(const std::string& text) {
  const auto control = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f; };
  return text.size() > 1 && text.back() == '\n' && text[text.size() - 2] != '\n' && text.front() != ' ' &&
         text.front() != '\n' && text.find(" \n") == std::string::npos && !has_gap_above_comment(text) &&
         std::none_of(text.begin(), text.end(), control) && text.find("\xc2\x85") == std::string::npos &&
         text.find("\xe2\x80") == std::string::npos && text.find("\xef\xbb\xbf") == std::string::npos;
}

/// Splits a comment into lines. In YAML a carriage return, U+0085, U+2028 and U+2029 end a line too: the rest of a
/// path's name would become part of the document.
std::vector<std::string> comment_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (const std::string_view line : support::lines(text)) {
    lines.push_back(support::escape_untrusted(line, line.size() * 4)); // "\xNN"
  }
  return lines;
}

constexpr std::size_t k_short = 90; // bytes as JSON; longer items get several lines

class Writer {
public:
  explicit Writer(const std::map<std::string, std::string>& comments) : m_comments(comments) {
    m_out.SetIndent(2);
    m_out.SetOutputCharset(YAML::EscapeNonAscii);
  }

  std::string text(const ordered_json& value) {
    write(value, "");
    if (!m_out.good()) {
      throw support::Error(support::ExitCode::failed, "internal error: cannot write YAML: " + m_out.GetLastError());
    }
    return m_out.c_str();
  }

private:
  void comment(const std::string& pointer) {
    if (const auto found = m_comments.find(pointer); found != m_comments.end()) {
      m_out << YAML::Newline << YAML::Comment(support::join(comment_lines(found->second), "\n"));
    }
  }

  void write_string(const std::string& text) {
    if (is_block(text)) {
      m_out << YAML::Literal << text;
    } else if (is_plain(text)) {
      m_out << text;
    } else {
      m_out << YAML::DoubleQuoted << text;
    }
  }

  void write_list(const ordered_json& list, const std::string& pointer) {
    const bool words =
        std::all_of(list.begin(), list.end(), [](const ordered_json& item) { return item.is_primitive(); });
    if (words && list.dump().size() < k_short) {
      m_out << YAML::Flow;
    } else {
      m_out << YAML::Block;
    }
    m_out << YAML::BeginSeq;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string below = pointer + "/" + std::to_string(i);
      comment(below);
      write(list[i], below, true);
    }
    m_out << YAML::EndSeq;
  }

  void write_map(const ordered_json& map, const std::string& pointer, bool one_line) {
    if (one_line) {
      m_out << YAML::Flow;
    } else {
      m_out << YAML::Block;
    }
    m_out << YAML::BeginMap;
    for (const auto& [key, value] : map.items()) {
      const std::string below = pointer + "/" + key;
      comment(below);
      m_out << YAML::Key;
      write_string(key);
      m_out << YAML::Value;
      write(value, below);
    }
    m_out << YAML::EndMap;
  }

  /// Returns whether a list item fits on one line: `- {name: tmp, mountPath: /tmp}`.
  static bool is_small(const ordered_json& map) {
    return map.dump().size() < k_short && std::all_of(map.begin(), map.end(), [](const ordered_json& item) {
             return item.is_primitive() && !(item.is_string() && is_block(item.get_ref<const std::string&>()));
           });
  }

  void write(const ordered_json& value, const std::string& pointer, bool item = false) {
    switch (value.type()) {
    case ordered_json::value_t::object:
      if (value.empty()) {
        m_out << YAML::Flow << YAML::BeginMap << YAML::EndMap;
      } else {
        write_map(value, pointer, item && is_small(value));
      }
      return;
    case ordered_json::value_t::array: write_list(value, pointer); return;
    case ordered_json::value_t::string: write_string(value.get_ref<const std::string&>()); return;
    case ordered_json::value_t::boolean: m_out << value.get<bool>(); return;
    case ordered_json::value_t::number_integer: m_out << value.get<std::int64_t>(); return;
    case ordered_json::value_t::number_unsigned: m_out << value.get<std::uint64_t>(); return;
    case ordered_json::value_t::null:
    case ordered_json::value_t::number_float:
    case ordered_json::value_t::binary:
    case ordered_json::value_t::discarded:
      throw support::Error(support::ExitCode::failed, "internal error: no such value in a manifest: " + pointer);
    }
  }

  const std::map<std::string, std::string>& m_comments;
  YAML::Emitter m_out;
};

/// Indents comments like the line below: yaml-cpp writes them in the first column. Nothing else begins with '#': texts
/// are indented.
std::string indent_comments(const std::string& text) {
  const auto views = support::lines(text);
  std::vector<std::string> lines(views.begin(), views.end());
  std::string indent;
  // NOLINTNEXTLINE(modernize-loop-convert): clang 14 has no std::views::reverse
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    if (!line->empty() && line->front() == '#') {
      line->insert(0, indent);
    } else if (!line->empty()) {
      indent.assign(std::min(line->find_first_not_of(' '), line->size()), ' ');
    }
  }
  std::string result;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool gap = lines[i].empty() && i + 1 < lines.size() &&
                     lines[i + 1].find_first_not_of(' ') != std::string::npos &&
                     lines[i + 1][lines[i + 1].find_first_not_of(' ')] == '#'; // yaml-cpp adds one before a comment
    result += gap ? "" : lines[i].substr(0, lines[i].find_last_not_of(' ') + 1) + "\n";
  }
  return result;
}

} // namespace

std::string yaml_text(const std::string& header, const std::vector<YamlDocument>& documents) {
  std::string result;
  for (const std::string& line : comment_lines(header)) {
    result += line.empty() ? "#\n" : "# " + line + "\n";
  }
  bool first = true;
  for (const YamlDocument& document : documents) {
    result += first ? "" : "---\n";
    first = false;
    result += indent_comments(Writer(document.comments).text(document.value));
  }
  return result;
}

} // namespace agentbox::oci
