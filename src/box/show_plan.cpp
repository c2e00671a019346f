// SPDX-License-Identifier: Apache-2.0
#include "box/show_plan.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "firewall/ruleset/model.hpp"
#include "firewall/ruleset/nft_json.hpp"
#include "oci/impose/env_values.hpp"

namespace agentbox::box {
namespace {

using nlohmann::json;

/// Returns the JSON of a step that runs a command.
json command_json(std::string_view what, const support::Command& command) {
  json step = {{"do", what}, {"argv", command.argv}, {"env", command.env}};
  if (command.own_session) {
    step["own_session"] = true;
  }
  return step;
}

class Describe {
public:
  Describe(const Plan& plan, const policy::PolicyFields& fields) : m_plan(plan), m_fields(fields) {}

  json operator()(const MakeDirectory& step) const {
    return {{"do", "create directory"}, {"path", step.path.string()}, {"mode", "0700"}};
  }
  json operator()(const MakeFifo& step) const {
    return {{"do", "create fifo"}, {"path", step.path.string()}, {"mode", "0600"}};
  }
  json operator()(const WriteFile& step) const {
    return {{"do", "write"},
            {"path", step.path.string()},
            {"mode", fmt::format("{:04o}", step.mode)},
            {"content", step.content}};
  }
  json operator()(const ServeFifo& step) const {
    return {{"do", "serve fifo"}, {"path", step.fifo.string()}, {"content", oci::k_placeholder}};
  }
  json operator()(const HoldLeash& step) const {
    return {{"do", "create leash"}, {"path", step.fifo.string()}, {"mode", "0600"}};
  }
  json operator()(const LabelPaths& step) const {
    json paths = json::object();
    for (const selinux::Relabelling& one : step.paths) {
      paths[one.path.string() + (one.tree ? "/**" : "")] = to_text(one.label);
    }
    return {{"do", "label"}, {"paths", paths}};
  }
  json operator()(const Start& step) const {
    json start = command_json("start", step.command);
    start["what"] = step.what;
    return start;
  }
  json operator()(const Attach& step) const {
    json attach = command_json("attach", step.command);
    attach["terminal"] = step.terminal;
    attach["leash"] = step.leash;
    if (step.gate) {
      attach["gate"] = {{"after", step.gate->after}, {"fifo", step.gate->fifo.string()}, {"text", step.gate->text}};
    }
    if (step.standby) {
      attach["standby"] = command_json("standby", step.standby->command);
      attach["standby"]["what"] = step.standby->what;
      attach["standby"]["input_of"] = step.standby->after;
    }
    return attach;
  }
  json operator()(const StopFirewall& step) const {
    return {{"do", "stop the firewall"}, {"pid_file", step.pid_file.string()}};
  }
  json operator()(const Remove& step) const {
    json run = command_json("run", step.command);
    run["what"] = step.what;
    run["id_file"] = step.id_file.string();
    return run;
  }
  json operator()(const RemoveDirectory& step) const {
    return {{"do", "remove directory"}, {"path", step.paths.directory.string()}};
  }

private:
  const Plan& m_plan;
  const policy::PolicyFields& m_fields;
};

json steps_json(const Plan& plan, const policy::PolicyFields& fields, const auto& steps) {
  json list = json::array();
  for (const auto& step : steps) {
    list.push_back(std::visit(Describe(plan, fields), step));
  }
  return list;
}

/// Returns the ruleset that the firewall loads first, as libnftables-json(5); null under --full-network.
nlohmann::ordered_json ruleset_json(const policy::PolicyFields& fields, const std::string& host_address) {
  if (fields.egress.mode == policy::NetworkMode::full) {
    return nullptr;
  }
  std::vector<std::uint16_t> published;
  for (const policy::PublishedPort& port : fields.ports) {
    published.push_back(port.box_port);
  }
  return firewall::ruleset::to_nft_json(
      firewall::ruleset::build({fields.egress.virtual_range, published, fields.egress.allow_addresses,
                                policy::reachable_host_ports(fields.egress), policy::parse_address(host_address)}));
}

/// Returns the policy without the values of --env.
json policy_json(const policy::Policy& policy) {
  json document = json::parse(policy::to_json(policy));
  for (const auto& [name, value] : policy.fields().env) {
    document["env"][name] = oci::k_placeholder; // people paste this into bug reports
  }
  return document;
}

std::string command_text(const json& step) {
  return (step.contains("own_session") ? "setsid --wait " : "") +
         support::shell_quote(step.at("argv").get<std::vector<std::string>>());
}

/// Returns a step as text, made from its JSON so that the two forms agree.
std::string step_text(const json& step) {
  const std::string what = step.at("do");
  if (step.contains("argv")) {
    const std::string command = command_text(step);
    if (!step.contains("gate")) {
      return fmt::format("$ {}{}\n", command, what == "start" ? " &" : "");
    }
    const json& gate = step.at("gate");
    std::string text =
        fmt::format("$ {} &\nwait for: {}\nwrite to {}: {}", command, gate.at("after").get<std::string>(),
                    gate.at("fifo").get<std::string>(), gate.at("text").get<std::string>());
    if (step.contains("standby")) {
      const json& standby = step.at("standby");
      text += fmt::format("$ {} & # waits for the teardown; its input is the output of: {}\n", command_text(standby),
                          standby.at("input_of").get<std::string>());
    }
    return text;
  }
  if (what == "write") {
    return fmt::format("write {} (mode {}):\n{}", step.at("path").get<std::string>(),
                       step.at("mode").get<std::string>(), step.at("content").get<std::string>());
  }
  if (what == "label") {
    std::string text;
    for (const auto& [path, label] : step.at("paths").items()) {
      text += fmt::format("label {} as {}\n", path, label.get<std::string>());
    }
    return text;
  }
  const char* const key = step.contains("path") ? "path" : "pid_file";
  return fmt::format("{} {}\n", what, step.at(key).get<std::string>());
}

} // namespace

std::string plan_text(const Plan& plan, const policy::Policy& policy) {
  std::string text = fmt::format("# box \"{}\"\n", plan.name);
  for (const json& step : steps_json(plan, policy.fields(), plan.steps)) {
    text += step_text(step);
  }
  text += "# teardown\n";
  for (const json& step : steps_json(plan, policy.fields(), plan.teardown)) {
    text += step_text(step);
  }
  text +=
      fmt::format("# the firewall's ruleset (nft -j)\n{}\n", ruleset_json(policy.fields(), plan.host_address).dump(2));
  text += fmt::format("# policy\n{}\n", policy_json(policy).dump(2, ' ', true, json::error_handler_t::replace));
  return text;
}

std::string plan_json(const Plan& plan, const policy::Policy& policy) {
  const json document = {{"name", plan.name},
                         {"policy", policy_json(policy)},
                         {"ruleset", ruleset_json(policy.fields(), plan.host_address)},
                         {"steps", steps_json(plan, policy.fields(), plan.steps)},
                         {"teardown", steps_json(plan, policy.fields(), plan.teardown)}};
  return document.dump(2, ' ', true, json::error_handler_t::replace) + "\n";
}

} // namespace agentbox::box
