// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config_layer.hpp"
#include "config/toml_reader.hpp"

namespace agentbox::config {

/// Read the larger sections for parse_layer(): each reads its table of `top` into `layer`.
void read_network(TomlTable& top, ConfigLayer& layer);
void read_build(TomlTable& top, ConfigLayer& layer);
void read_agents(TomlTable& top, ConfigLayer& layer);
void read_limits(TomlTable& top, ConfigLayer& layer);

} // namespace agentbox::config
