// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>
#include <yaml-cpp/yaml.h>

namespace agentbox::tests {

/// Returns a YAML node as JSON, read as a YAML 1.2 reader with the core schema would.
inline nlohmann::json json_of(const YAML::Node& node) {
  using nlohmann::json;
  if (node.IsMap()) {
    json result = json::object();
    for (const auto& entry : node) {
      result[entry.first.as<std::string>()] = json_of(entry.second);
    }
    return result;
  }
  if (node.IsSequence()) {
    json result = json::array();
    for (const YAML::Node& item : node) {
      result.push_back(json_of(item));
    }
    return result;
  }
  if (node.IsNull()) {
    return {};
  }
  const std::string text = node.Scalar();
  const bool quoted = node.Tag() == "!"; // yaml-cpp's tag for quoted scalars
  if (!quoted && (text == "true" || text == "false")) {
    return text == "true";
  }
  if (!quoted && !text.empty() && text.find_first_not_of("0123456789") == std::string::npos) {
    return std::stoull(text);
  }
  return text;
}

inline std::vector<nlohmann::json> documents_of(const std::string& yaml) {
  std::vector<nlohmann::json> result;
  for (const YAML::Node& document : YAML::LoadAll(yaml)) {
    result.push_back(json_of(document));
  }
  return result;
}

/// Returns the document of that kind.
inline nlohmann::json document_of(const std::string& yaml, const std::string& kind) {
  for (const nlohmann::json& document : documents_of(yaml)) {
    if (document.value("kind", "") == kind) {
      return document;
    }
  }
  return {};
}

} // namespace agentbox::tests
