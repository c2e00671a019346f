// SPDX-License-Identifier: Apache-2.0
// Paths and size limits of configuration files.
#pragma once
#include <cstddef>

namespace agentbox::config {

inline constexpr const char* k_project_file = ".agentbox/config.toml"; ///< in the workspace
inline constexpr const char* k_project_directory = ".agentbox";        ///< in the workspace
inline constexpr const char* k_saved_hosts = "saved-hosts.txt";        ///< next to a config.toml; written by --save
inline constexpr std::size_t k_max_config = 1U << 20U;                 ///< bytes of a TOML file
inline constexpr std::size_t k_max_allow_file = 16U << 20U; ///< bytes of an allow_file, or of saved-hosts.txt

} // namespace agentbox::config
