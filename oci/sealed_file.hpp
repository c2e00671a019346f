// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace agentbox::oci {

/// Returns a read-only, noexec bind mount of one file that Podman or the launcher wrote for the box.
inline nlohmann::json sealed_file(const std::string& destination, const std::string& source) {
  return {{"destination", destination},
          {"type", "bind"},
          {"source", source},
          {"options", {"bind", "rprivate", "nosuid", "nodev", "noexec", "ro"}}};
}

} // namespace agentbox::oci
