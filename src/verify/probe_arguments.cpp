// SPDX-License-Identifier: Apache-2.0
#include "verify/probe_arguments.hpp"

#include <nlohmann/json.hpp>

#include "protocol/protocol.hpp"
#include "support/error.hpp"
#include "support/numbers.hpp"

namespace agentbox::verify {
namespace {

using nlohmann::json;

/// Returns what follows `prefix` in the text of `list` that starts with it; empty if there is none.
std::string value_after(const json& list, std::string_view prefix) {
  for (const json& entry : list) {
    if (const auto text = entry.get<std::string>(); text.starts_with(prefix)) {
      return text.substr(prefix.size());
    }
  }
  return {};
}

std::uint64_t number(const std::string& text) {
  return support::parse_number<std::uint64_t>(text).value_or(0);
}

std::uint64_t size_of_mount(const json& mounts, std::string_view destination) {
  for (const json& mount : mounts) {
    if (mount.at("destination") == destination) {
      return number(value_after(mount.at("options"), "size="));
    }
  }
  return 0;
}

} // namespace

std::vector<std::string> probe_arguments(const protocol::Expected& expected) {
  const auto& [filtered, pids, memory, shm, tmp, landlock] = expected;
  std::vector<std::string> words = {"--pids",     std::to_string(pids),    "--memory", std::to_string(memory),
                                    "--shm",      std::to_string(shm),     "--tmp",    std::to_string(tmp),
                                    "--landlock", std::to_string(landlock)};
  if (!filtered) {
    words.emplace_back("--full-network");
  }
  return words;
}

protocol::Expected expectations_of(std::string_view agent_config) {
  protocol::Expected found;
  try {
    const json config = json::parse(agent_config);
    const json& env = config.at("process").at("env");
    const json& mounts = config.at("mounts");
    found.filtered = value_after(env, std::string(protocol::k_network_variable) + "=") != protocol::k_full;
    found.pids = number(value_after(env, std::string(protocol::k_pids_variable) + "="));
    const std::string rules = value_after(env, std::string(protocol::k_landlock_variable) + "=abi ");
    found.landlock = number(rules.substr(0, rules.find('\n')));
    found.shm = size_of_mount(mounts, "/dev/shm");
    found.tmp = size_of_mount(mounts, "/tmp");
    found.memory = config.at("linux").value(json::json_pointer("/resources/memory/limit"), std::uint64_t{0});
  } catch (const json::exception& error) {
    throw support::Error(support::ExitCode::failed,
                         std::string("the box's configuration cannot be read: ") + error.what());
  }
  if (found.pids == 0 || found.shm == 0 || found.tmp == 0) {
    throw support::Error(support::ExitCode::failed, "the box's configuration lacks a limit");
  }
  return found;
}

std::string process_label_of(std::string_view agent_config) {
  const json config = json::parse(agent_config, nullptr, false);
  return config.is_object() ? config.value(json::json_pointer("/process/selinuxLabel"), std::string()) : std::string();
}

} // namespace agentbox::verify
