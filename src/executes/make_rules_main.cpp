// SPDX-License-Identifier: Apache-2.0
// make_rules EXECUTES_TOML OUTPUT: checks the table, and writes it as initializers of Rule. Runs during the build.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <stdexcept>
#include <toml++/toml.h>
#include <vector>

#include "executes/rules.hpp"

namespace {

using namespace agentbox::executes;

constexpr std::size_t k_max_name = 100;
constexpr std::size_t k_max_by = 120;

[[noreturn]] void refuse(const toml::node& node, const std::string& message) {
  throw std::runtime_error("line " + std::to_string(node.source().begin.line) + ": " + message);
}

std::string text_of(const toml::node* node, const toml::table& table, const char* key, std::size_t max) {
  const auto text = node == nullptr ? std::nullopt : node->value_exact<std::string>();
  if (!text || text->empty() || text->size() > max) {
    refuse(table, std::string(key) + " must be a string of 1 to " + std::to_string(max) + " bytes");
  }
  if (std::any_of(text->begin(), text->end(), [](char c) { return c < ' ' || c > '~' || c == '"' || c == '\\'; })) {
    refuse(*node, "only printable ASCII without quotes and backslashes is allowed");
  }
  return *text;
}

/// Checks one name, and returns it without its leading "/".
std::string checked(const toml::node& node, const std::string& text, Treatment treatment) {
  const bool protect = treatment == Treatment::protect;
  const std::string name = text.starts_with('/') ? text.substr(1) : text;
  if (protect && (name != text || name.find('*') != std::string::npos)) {
    refuse(node, text + ": protected names apply in every directory and have no *");
  }
  if (name.find('*') < name.find_last_of('/') + 1) {
    refuse(node, text + ": * is allowed in the last part only");
  }
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    const std::string part = name.substr(at, end - at);
    if (part.empty() || part == "." || part == ".." || part == "*") {
      refuse(node, text + ": is not a name");
    }
    at = end + 1;
  }
  return name;
}

std::size_t when_of(const toml::table& table) {
  const std::string word = text_of(table.get("when"), table, "when", k_max_name);
  const auto* const found =
      std::find_if(k_when_words.begin(), k_when_words.end(), [&](const EnumWords& one) { return one.word == word; });
  if (found == k_when_words.end()) {
    refuse(table, "when: unknown word " + word);
  }
  return static_cast<std::size_t>(found - k_when_words.begin());
}

/// Returns list `key` of `table`; empty when there is none.
std::vector<std::string> names_of(const toml::table& table, std::string_view key) {
  std::vector<std::string> names;
  if (const toml::node* const value = table.get(key)) {
    const toml::array* const list = value->as_array();
    if (list == nullptr || list->empty()) {
      refuse(*value, std::string(key) + " must be a list of names");
    }
    for (const toml::node& one : *list) {
      names.push_back(text_of(&one, table, "a name", k_max_name));
    }
  }
  return names;
}

/// Adds the rules of one [[executes]] as initializers, by name.
void add(const toml::table& table, std::map<std::string, std::string>& rules) {
  const std::string by = text_of(table.get("by"), table, "by", k_max_by);
  const std::size_t when = when_of(table);
  std::vector<std::string> proven = names_of(table, "proven");
  for (const auto& [key, value] : table) {
    const auto* const treatment = std::find_if(k_treatment_words.begin(), k_treatment_words.end(),
                                               [&word = key](const EnumWords& one) { return one.word == word.str(); });
    if (treatment == k_treatment_words.end()) {
      if (key.str() != "by" && key.str() != "when" && key.str() != "proven") {
        refuse(value, std::string(key.str()) + " is not a known key");
      }
      continue;
    }
    const auto number = static_cast<std::size_t>(treatment - k_treatment_words.begin());
    for (const std::string& text : names_of(table, key.str())) {
      const std::string name = checked(value, text, static_cast<Treatment>(number));
      const bool is_proven = std::erase(proven, text) != 0;
      const std::string line = "{\"" + name + "\", " + (name == text ? "false" : "true") + ", \"" + by +
                               "\", static_cast<When>(" + std::to_string(when) + "), static_cast<Treatment>(" +
                               std::to_string(number) + "), " + (is_proven ? "true" : "false") + "},\n";
      if (!rules.emplace(name, line).second) {
        refuse(value, text + " is listed twice");
      }
    }
  }
  if (!proven.empty()) {
    refuse(*table.get("proven"), proven.front() + " is not a name of this entry");
  }
}

std::string initializers(const char* file) {
  const toml::table document = toml::parse_file(file);
  const toml::array* const list = document["executes"].as_array();
  if (document["version"].value_exact<std::int64_t>() != 1 || document.size() != 2 || list == nullptr) {
    throw std::runtime_error("expected version = 1 and [[executes]], nothing else");
  }
  std::map<std::string, std::string> rules;
  for (const toml::node& one : *list) {
    if (one.as_table() == nullptr) {
      refuse(one, "expected a table");
    }
    add(*one.as_table(), rules);
  }
  std::string text;
  for (const auto& [name, line] : rules) {
    text += line;
  }
  return text;
}

} // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 3) {
      throw std::runtime_error("usage: make_rules EXECUTES_TOML OUTPUT");
    }
    const std::string text = initializers(argv[1]);
    std::ofstream output(argv[2]);
    output << text;
    output.close();
    return output ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << (argc > 1 ? argv[1] : "make_rules") << ": " << error.what() << "\n";
    return 1;
  }
}
