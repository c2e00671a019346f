// SPDX-License-Identifier: Apache-2.0
// Where a project's configuration lies, and how much of a configuration file is read.
#pragma once
#include <cstddef>

namespace agentbox::config {

inline constexpr const char* k_project_file = ".agentbox/config.toml"; ///< in the workspace
inline constexpr std::size_t k_max_config = 1U << 20U;                 ///< bytes of a TOML file
inline constexpr std::size_t k_max_allow_file = 16U << 20U;            ///< bytes of an allow_file

} // namespace agentbox::config
