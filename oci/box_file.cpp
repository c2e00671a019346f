// SPDX-License-Identifier: Apache-2.0
#include "oci/box_file.hpp"

#include <nlohmann/json.hpp>

#include "oci/about_text.hpp"

namespace agentbox::oci {
namespace {

using nlohmann::ordered_json;

constexpr int k_version = 1; // a reader must refuse a higher one; new keys do not raise it

ordered_json or_null(const auto& value) {
  return value ? ordered_json(*value) : ordered_json();
}

ordered_json network(const policy::EgressPolicy& egress, const std::vector<HostChange>& changes) {
  ordered_json object = {{"mode", policy::mode_text(egress.mode)},
                         {"allow", ordered_json::array()},
                         {"block", ordered_json::array()},
                         {"changes", ordered_json::array()}};
  if (egress.mode == policy::NetworkMode::full) {
    return object;
  }
  object["allow"] = reachable_hosts(egress);
  for (const policy::HostPattern& block : egress.block) {
    object["block"].push_back(block.text());
  }
  for (const HostChange& change : changes) {
    object["changes"].push_back({{"host", change.host},
                                 {"allow", change.allow},
                                 {"until", change.until.empty() ? ordered_json() : ordered_json(change.until)}});
  }
  return object;
}

ordered_json limits_of(const policy::Limits& limits) {
  const auto& [pids, memory, cpu_millis, shm, tmp, open_files] = limits;
  ordered_json object = {{"processes", pids}, {"open_files", open_files}, {"memory_bytes", or_null(memory)},
                         {"cpus", nullptr},   {"tmp_bytes", tmp},         {"shm_bytes", shm}};
  if (cpu_millis) {
    object["cpus"] = *cpu_millis / 1000.0;
  }
  return object;
}

} // namespace

std::string box_file(const policy::PolicyFields& fields, const std::vector<HostChange>& changes) {
  ordered_json mounts = {{{"path", fields.workspace.destination}, {"read_only", false}}};
  for (const policy::Mount& mount : fields.mounts) {
    mounts.push_back({{"path", mount.destination}, {"read_only", mount.read_only}});
  }
  ordered_json ports = ordered_json::array();
  for (const policy::PublishedPort& port : fields.ports) {
    ports.push_back({{"box", port.box_port}, {"host", port.host_port}});
  }
  const ordered_json object = {{"version", k_version},
                               {"name", fields.name},
                               {"agent", fields.agent.name},
                               {"network", network(fields.egress, changes)},
                               {"ports", std::move(ports)},
                               {"mounts", std::move(mounts)},
                               {"limits", limits_of(fields.limits)}};
  return object.dump(2, ' ', true, ordered_json::error_handler_t::replace) + "\n";
}

} // namespace agentbox::oci
