// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>
#include <vector>

#include "agents/agent_data.hpp"

namespace agentbox::logins {

using agents::LoginKind;

/// Returns the built-in agents that can sign in.
const std::vector<LoginKind>& login_kinds();

/// Returns the kind of agent `agent`, or nullptr.
const LoginKind* find_login_kind(std::string_view agent);

} // namespace agentbox::logins
