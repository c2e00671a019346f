// SPDX-License-Identifier: Apache-2.0
#include "config/last_agent.hpp"

#include <algorithm>

#include "support/error.hpp"
#include "support/file.hpp"

namespace agentbox::config {
namespace {

constexpr std::size_t k_max_agent_name = 64;

bool is_name(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

} // namespace

std::optional<std::string> read_last_agent(const std::filesystem::path& state_directory) {
  try {
    auto name = support::read_file_if_exists(state_directory / "last_agent", k_max_agent_name);
    if (name && name->ends_with('\n')) {
      name->pop_back();
    }
    return name && is_name(*name) ? name : std::nullopt;
  } catch (const support::Error&) {
    return std::nullopt;
  }
}

void write_last_agent(const std::filesystem::path& state_directory, const std::string& name) {
  support::make_private_directory(state_directory);
  support::write_file(state_directory / "last_agent", name + "\n");
}

} // namespace agentbox::config
