// SPDX-License-Identifier: Apache-2.0
#include "oci/about_text.hpp"

#include <algorithm>
#include <string_view>

#include "policy/path_rules.hpp"
#include "protocol/protocol.hpp"
#include "support/text.hpp"

namespace agentbox::oci {
namespace {

constexpr std::size_t k_max_listed = 40;

/// Returns "a, b, c", or the first ones "and N more".
std::string list_of(std::vector<std::string> items) {
  const std::size_t more = items.size() > k_max_listed ? items.size() - k_max_listed : 0;
  items.resize(items.size() - more);
  return support::join(items, ", ") + (more > 0 ? " and " + std::to_string(more) + " more" : "");
}

// Omits mounts in the home directory, which are the agent's own: its login, conversations and instructions.
std::string mounts_text(const policy::PolicyFields& fields) {
  std::vector<std::string> mounts;
  for (const policy::Mount& mount : fields.mounts) {
    if (!policy::contains_path(fields.user.home, mount.destination)) {
      mounts.push_back(mount.destination + (mount.read_only ? " (read-only)" : " (read-write)"));
    }
  }
  return "The project is at " + fields.workspace.destination + "; some paths in it are read-only or empty for you. " +
         (mounts.empty() ? "" : "Also mounted: " + list_of(std::move(mounts)) + ". ");
}

std::string network_text(const policy::PolicyFields& fields, Launcher launcher) {
  if (fields.egress.mode == policy::NetworkMode::full) {
    return "The network is not restricted. ";
  }
  const std::vector<std::string> hosts = reachable_hosts(fields.egress);
  const std::string named =
      launcher == Launcher::agentbox
          ? "If you need another host, run: agentbox-ask allow HOST --why REASON, and tell your "
            "user to run, outside the box: agentbox allow HOST --for 1h --box " +
                fields.name + ". Work on something else until then. "
          : "If you need another host, tell your user to add it to the configuration of the box. ";
  return (hosts.empty()
              ? "A firewall lets you reach no host. "
              : "A firewall lets you reach only these hosts, on port 443 if none is given: " + list_of(hosts) + ". ") +
         "Any other name is not found and any other connection is refused immediately: that is the policy, not a "
         "network fault, so do not look for a way around it. " +
         named;
}

} // namespace

std::vector<std::string> reachable_hosts(const policy::EgressPolicy& egress) {
  std::vector<std::string> hosts;
  for (const policy::HostEntry& entry : egress.allow) {
    hosts.push_back(entry.text());
  }
  for (const policy::AddressEntry& entry : egress.allow_addresses) {
    hosts.push_back(entry.text());
  }
  for (const std::uint16_t port : policy::reachable_host_ports(egress)) {
    hosts.push_back(std::string(policy::k_host_name) + ":" + std::to_string(port));
  }
  return hosts;
}

std::string about_text(const policy::PolicyFields& fields, Launcher launcher) {
  std::string text = "You are in a box (agentbox: a container with a firewall), not on the machine of your user. " +
                     mounts_text(fields) + network_text(fields, launcher);
  if (launcher == Launcher::agentbox) {
    text += std::string(protocol::k_box_file_path) + " lists the allowed hosts, the mounts and the limits. ";
  }
  text.pop_back();
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~' || c == '"' || c == '\\'; }, '?');
  return text;
}

std::vector<std::string> about_arguments(const policy::PolicyFields& fields, Launcher launcher) {
  constexpr std::string_view k_place = policy::k_about_text;
  std::vector<std::string> arguments = fields.agent.about;
  for (std::string& word : arguments) {
    if (const auto at = word.find(k_place); at != std::string::npos) {
      word.replace(at, k_place.size(), about_text(fields, launcher));
    }
  }
  return arguments;
}

} // namespace agentbox::oci
