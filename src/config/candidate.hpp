// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>

#include "config/config_layer.hpp"
#include "config/sources.hpp"
#include "policy/egress.hpp"

namespace agentbox::config {

/// Returns the egress policy of boxes if `file` replaced the user's or the project's config.toml. The saved hosts
/// beside the replaced file stay. An allow file is relative to the directory of `file`. Throws support::Error: failed
/// when `file` cannot be read, usage with every mistake of any layer.
policy::EgressPolicy egress_with(const Sources& sources, const std::filesystem::path& file, LayerKind kind);

} // namespace agentbox::config
