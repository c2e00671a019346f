// SPDX-License-Identifier: Apache-2.0
#include "boxes/session_record.hpp"

#include <nlohmann/json.hpp>

#include "support/json_integer.hpp"

namespace agentbox::boxes {

using nlohmann::json;

std::string to_json(const SessionRecord& record) {
  const auto& [name, pod, workspace, agent, command, pid, started, agent_image, firewall_image, full_network, home,
               level, labelled] = record;
  json document = {{"version", 1},
                   {"name", name},
                   {"pod", pod},
                   {"workspace", workspace},
                   {"agent", agent},
                   {"command", command},
                   {"pid", pid},
                   {"started", started},
                   {"agent_image", agent_image},
                   {"firewall_image", firewall_image},
                   {"full_network", full_network},
                   {"home", home}};
  if (!labelled.empty()) {
    document["level"] = level;
    document["labelled"] = labelled;
  }
  return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

std::optional<SessionRecord> record_from_json(std::string_view text) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object()) {
    return std::nullopt;
  }
  try {
    SessionRecord record;
    document.at("name").get_to(record.name);
    document.at("pod").get_to(record.pod);
    document.at("workspace").get_to(record.workspace);
    document.at("agent").get_to(record.agent);
    document.at("command").get_to(record.command);
    support::read_json_integer(document.at("pid"), record.pid);
    support::read_json_integer(document.at("started"), record.started);
    document.at("agent_image").get_to(record.agent_image);
    document.at("firewall_image").get_to(record.firewall_image);
    document.at("full_network").get_to(record.full_network);
    record.home = document.value("home", ""); // not in records of earlier versions
    record.level = document.value("level", std::string());
    record.labelled = document.value("labelled", std::vector<std::string>());
    return record;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

} // namespace agentbox::boxes
