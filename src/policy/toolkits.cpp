// SPDX-License-Identifier: Apache-2.0
#include "policy/toolkits.hpp"

namespace agentbox::policy {

const std::vector<std::string>& toolkit_names() {
  static const std::vector<std::string> names = {"c_cpp", "datascience", "java", "python", "web"};
  return names;
}

const std::string& default_base_image() {
  static const std::string base = "docker.io/library/debian:bookworm-slim";
  return base;
}

} // namespace agentbox::policy
