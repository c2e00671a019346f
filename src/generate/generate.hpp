// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/config_layer.hpp"
#include "generate/compare.hpp"
#include "oci/kubernetes/kubernetes.hpp"
#include "oci/pod/output_format.hpp"
#include "policy/policy.hpp"

namespace agentbox::generate {

/// The two images, by names that the target can resolve.
struct ImageNames {
  std::string agent;
  std::string firewall;
};

/// The arguments of `agentbox generate`.
struct Request {
  oci::OutputFormat format = oci::OutputFormat::kube;
  std::optional<std::filesystem::path> output; ///< none: print
  std::optional<std::filesystem::path> old;    ///< --diff
  bool force = false;
  bool config_only = false; ///< oci
  oci::KubernetesOptions kubernetes;
  config::LabelChoice label = config::LabelChoice::project; ///< [selinux] label
  /// Builds or looks up the images; called only if they are needed.
  std::function<ImageNames()> images;
};

/// The result of generate().
struct GenerateResult {
  std::string text;                               ///< for stdout: the files, or the comparison
  std::optional<std::filesystem::path> directory; ///< that was written
  bool in_project = false;                        ///< the directory is in the workspace, and read-only in the box
  std::vector<std::string> left;                  ///< OutputDirectory::kept()
  bool broader = false;                           ///< --diff found a broader permission
};

/// Renders the set and writes or prints it. Throws support::Error, without having changed anything on disk.
GenerateResult generate(const policy::Policy& policy, const Request& request);

} // namespace agentbox::generate
