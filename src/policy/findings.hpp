// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <utility>

#include "policy/policy.hpp"

namespace agentbox::policy {

/// Collects the mistakes that the checks of build_policy() find.
class Findings {
public:
  void add(std::string where, std::string message, std::string hint = {}) {
    m_diagnostics.push_back({std::move(where), std::move(message), std::move(hint)});
  }
  /// Adds the mistake unless `holds`.
  void require(bool holds, std::string_view where, std::string_view message, std::string_view hint = {}) {
    if (!holds) {
      add(std::string(where), std::string(message), std::string(hint));
    }
  }
  bool empty() const noexcept { return m_diagnostics.empty(); }
  Diagnostics list() && { return std::move(m_diagnostics); }

private:
  Diagnostics m_diagnostics;
};

/// Check the rules of build_policy(), one function per group of fields.
void check_user(const User& user, Findings& findings);
void check_workspace(const Workspace& workspace, Findings& findings);
void check_mounts(const PolicyFields& fields, Findings& findings);
void check_env(const std::map<std::string, std::string>& env, std::string_view where, Findings& findings);
void check_ports(const std::vector<PublishedPort>& ports, Findings& findings);
void check_limits(const Limits& limits, Findings& findings);
void check_confinement(const Confinement& confinement, Findings& findings);
void check_egress(const EgressPolicy& egress, Findings& findings);
void check_agent(const Agent& agent, Findings& findings);
void check_run(const Run& run, const Agent& agent, Findings& findings);
void check_image(const ImageChoice& image, Findings& findings);
void check_names(const PolicyFields& fields, Findings& findings);

/// Returns whether `text` is UTF-8 without NUL, as JSON and argv require.
bool is_clean_text(std::string_view text);

/// Returns whether `text` is 1 to `longest` bytes of [a-z0-9] and, after the first, also '-' and `more`.
bool is_simple_name(std::string_view text, std::size_t longest, std::string_view more = {});

} // namespace agentbox::policy
