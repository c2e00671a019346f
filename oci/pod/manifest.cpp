// SPDX-License-Identifier: Apache-2.0
#include "oci/pod/manifest.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>

namespace agentbox::oci {

using nlohmann::ordered_json;

ordered_json string_map(const std::map<std::string, std::string>& values) {
  ordered_json result = ordered_json::object();
  for (const auto& [key, value] : values) {
    result[key] = value;
  }
  return result;
}

ordered_json env_list(const PodContainer& container, const std::string& pod) {
  ordered_json result = ordered_json::array();
  for (const auto& [name, value, secret] : container.env) {
    if (secret) {
      result.push_back({{"name", name}, {"valueFrom", {{"secretKeyRef", {{"name", pod + "-env"}, {"key", name}}}}}});
    } else {
      result.push_back({{"name", name}, {"value", value}});
    }
  }
  return result;
}

bool needs_secret(const Pod& pod) {
  return std::any_of(pod.agent.env.begin(), pod.agent.env.end(),
                     [](const Variable& variable) { return variable.secret; });
}

ordered_json limit_list(const PodContainer& container) {
  ordered_json limits = ordered_json::object();
  if (container.memory_bytes) {
    limits["memory"] = std::to_string(*container.memory_bytes);
  }
  if (container.cpu_millis) {
    limits["cpu"] = std::to_string(*container.cpu_millis) + "m";
  }
  return limits;
}

bool changed_by_expansion(const std::string& word, const std::vector<Variable>& env) {
  if (word.find("$$") != std::string::npos) {
    return true;
  }
  return std::any_of(env.begin(), env.end(), [&](const Variable& variable) {
    return word.find("$(" + variable.name + ")") != std::string::npos;
  });
}

bool damaged_by_podman(const std::string& text) {
  // What YAML treats as a line break, or as a leading space; the last three as UTF-8.
  constexpr std::string_view k_blanks[] = {" ", "\t", "\n", "\r", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
  constexpr std::string_view k_breaks[] = {"\n", "\r", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
  return std::any_of(std::begin(k_blanks), std::end(k_blanks), [&](auto blank) { return text.starts_with(blank); }) &&
         std::any_of(std::begin(k_breaks), std::end(k_breaks),
                     [&](auto line_break) { return text.find(line_break) != std::string::npos; });
}

ordered_json config_map(const Pod& pod, const std::string& name, const TextSource& text) {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", {{"name", name}, {"labels", string_map(pod.labels)}}},
          {"data", {{text.file, text.content}}}};
}

} // namespace agentbox::oci
