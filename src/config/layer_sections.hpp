// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config_layer.hpp"
#include "config/toml_reader.hpp"

namespace agentbox::config {

/// The larger sections of parse_layer(): each reads its table of `top` into `layer`.
void read_network(TomlTable& top, Layer& layer);
void read_agents(TomlTable& top, Layer& layer);
void read_limits(TomlTable& top, Layer& layer);

} // namespace agentbox::config
