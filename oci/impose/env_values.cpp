// SPDX-License-Identifier: Apache-2.0
#include "oci/impose/env_values.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::json;

std::string name_in(const std::string& entry) {
  return entry.substr(0, entry.find('='));
}

bool is_placeholder(const json& entry) {
  const auto& text = entry.get_ref<const std::string&>();
  return text == name_in(text) + "=" + k_placeholder;
}

} // namespace

void remove_env_values(json& config, const std::map<std::string, std::string>& env) {
  for (json& entry : config.at("process").at("env")) {
    const std::string name = name_in(entry.get_ref<const std::string&>());
    if (env.contains(name)) {
      entry = name + "=" + k_placeholder;
    }
  }
}

bool lacks_env_values(const json& config) {
  const json& env = config.at("process").at("env");
  return std::any_of(env.begin(), env.end(), is_placeholder);
}

void restore_env_values(json& config, const json& values) {
  for (json& entry : config.at("process").at("env")) {
    if (!is_placeholder(entry)) {
      continue;
    }
    const std::string name = name_in(entry.get_ref<const std::string&>());
    const auto value = values.find(name);
    if (!values.is_object() || value == values.end() || !value->is_string()) {
      throw support::Error(support::ExitCode::refused,
                           "the launcher did not send the value of " + support::in_quotes(name), "start the box again");
    }
    entry = name + "=" + value->get<std::string>();
  }
}

} // namespace agentbox::oci
