// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>

#include "config/config_layer.hpp"
#include "config/sources.hpp"
#include "policy/egress.hpp"

namespace agentbox::config {

/// The list of hosts that boxes would have if `file` stood in the place of the user's or the project's configuration.
/// An allow file that it names is read relative to its own folder. Throws support::Error: failed when `file` cannot be
/// read, usage with every mistake of any layer.
policy::EgressPolicy egress_with(const Sources& sources, const std::filesystem::path& file, LayerKind kind);

} // namespace agentbox::config
