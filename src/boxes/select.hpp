// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "boxes/registry.hpp"

namespace agentbox::boxes {

/// Returns the running box named `name`. Without a name: the only one in `workspace`, or if none runs there, the only
/// one. Throws Error(usage) that lists the candidates or suggests a name; if no box runs, its hint is `hint_if_none`.
FoundSession select_running(const std::optional<std::string>& name, const std::filesystem::path& workspace,
                            const char* hint_if_none = "agentbox starts one");

} // namespace agentbox::boxes
