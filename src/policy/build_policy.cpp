// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "policy/findings.hpp"
#include "support/text.hpp"

namespace agentbox::policy {

bool is_clean_text(std::string_view text) {
  return text.find('\0') == std::string_view::npos && support::is_utf8(text);
}

bool is_simple_name(std::string_view text, std::size_t longest, std::string_view more) {
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= longest && is_plain(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_plain(c) || c == '-' || more.find(c) != std::string_view::npos; });
}

PolicyResult build_policy(PolicyFields fields) {
  Findings findings;
  // Every member is named here: a new one does not compile until it has its rules.
  const auto& [user, workspace, mounts, env, ports, limits, confinement, egress, firewall_driver, agent, run, image,
               ca_bundle, name, hostname] = fields;
  check_user(user, findings);
  check_workspace(workspace, findings);
  check_mounts(fields, findings); // mounts, workspace and ca_bundle share the box's tree
  check_env(env, "env", findings);
  check_ports(ports, findings);
  check_limits(limits, findings);
  check_confinement(confinement, findings);
  check_egress(egress, findings);
  check_agent(agent, findings);
  check_run(run, agent, findings);
  check_image(image, findings);
  check_names(fields, findings);
  if (!findings.empty()) {
    return std::move(findings).list();
  }
  return Policy(std::move(fields));
}

} // namespace agentbox::policy
