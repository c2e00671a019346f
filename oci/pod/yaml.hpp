// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace agentbox::oci {

/// One YAML document as data, with words for the reader beside it.
struct YamlDocument {
  nlohmann::ordered_json value;
  /// JSON pointer ("/spec/containers/0") -> comment that stands above that key or item. May have several lines.
  std::map<std::string, std::string> comments;
};

/// The documents as one YAML 1.2 stream, below `header`, every line of which becomes a comment. Keys in the order of
/// the data; lists of plain words on one line; everything that some YAML reader could take for a number, a boolean or
/// null is quoted; texts of several lines are written as such. Pure.
std::string yaml_text(const std::string& header, const std::vector<YamlDocument>& documents);

} // namespace agentbox::oci
