// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace agentbox::cli {

extern const char* const k_version; ///< "1.2.3"

/// Returns what --version prints: agentbox with its commit, the library it was built with, and the installed programs
/// that it uses. Runs those.
std::string version_text();

} // namespace agentbox::cli
