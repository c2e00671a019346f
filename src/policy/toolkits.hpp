// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

namespace agentbox::policy {

/// The sets of packages that can be added to the agent's image: c_cpp, datascience, java, python, web. Sorted.
const std::vector<std::string>& toolkit_names();

/// The base image when nobody names one.
const std::string& default_base_image();

} // namespace agentbox::policy
