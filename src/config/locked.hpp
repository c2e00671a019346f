// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>
#include <vector>

#include "config/config_layer.hpp"
#include "config/overrides.hpp"
#include "config/sources.hpp"

namespace agentbox::config {

/// Adds a mistake for each of `keys` that cannot be locked: a misspelled lock would lock nothing. Pure.
void check_lockable(const std::vector<Located<std::string>>& keys, policy::Diagnostics& diagnostics);

/// Adds a mistake for everything that the administrator's file locks and that a layer above it, or the command line,
/// makes broader than that file does. `layers` are lowest first. Pure.
void refuse_broadened(const std::vector<ConfigLayer>& layers, const Overrides& overrides, const Sources& sources,
                      policy::Diagnostics& diagnostics);

/// Throws Error(refused) when the administrator's file locks the list of allowed hosts, or cannot be read.
void require_unlocked_hosts(const Sources& sources);

} // namespace agentbox::config
