// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace agentbox::oci {

/// One YAML document as data, with comments.
struct YamlDocument {
  nlohmann::ordered_json value;
  /// JSON pointer ("/spec/containers/0") -> comment above that key or item. May have several lines.
  std::map<std::string, std::string> comments;
};

/// Returns the documents as one YAML 1.2 stream, below `header`, whose lines become comments. Keys keep their order;
/// lists of plain words are on one line; everything that a YAML reader could take for a number, a boolean or null is
/// quoted; multi-line strings become blocks. Pure.
std::string yaml_text(const std::string& header, const std::vector<YamlDocument>& documents);

} // namespace agentbox::oci
