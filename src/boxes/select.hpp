// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "boxes/registry.hpp"

namespace agentbox::boxes {

/// The running box that `name` means. Without a name: the only one of `workspace`, else the only one at all.
/// Throws Error(usage) which lists the candidates, or says what was probably meant.
Found select_running(const std::optional<std::string>& name, const std::filesystem::path& workspace);

} // namespace agentbox::boxes
