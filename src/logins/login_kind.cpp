// SPDX-License-Identifier: Apache-2.0
#include "logins/login_kind.hpp"

namespace agentbox::logins {

const std::vector<LoginKind>& login_kinds() {
  static const std::vector<LoginKind> kinds = [] {
    std::vector<LoginKind> list;
    for (const agents::AgentData& data : agents::agent_data()) {
      if (data.login) {
        list.push_back(*data.login);
      }
    }
    return list;
  }();
  return kinds;
}

const LoginKind* find_login_kind(std::string_view agent) {
  const agents::AgentData* data = agents::find_agent_data(agent);
  return data != nullptr && data->login ? &*data->login : nullptr;
}

} // namespace agentbox::logins
