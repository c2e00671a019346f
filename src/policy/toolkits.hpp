// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

namespace agentbox::policy {

/// Returns the names of the package sets that can be added to the agent image: c_cpp, datascience, java, python, web.
/// Sorted.
const std::vector<std::string>& toolkit_names();

/// Returns the default base image.
const std::string& default_base_image();

} // namespace agentbox::policy
