// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "generate/compare.hpp"
#include "oci/kubernetes/kubernetes.hpp"
#include "oci/pod/output_format.hpp"
#include "policy/policy.hpp"

namespace agentbox::generate {

/// The two images by the names that the other side knows them by.
struct ImageNames {
  std::string agent;
  std::string firewall;
};

/// What `agentbox generate` was asked for.
struct Request {
  oci::OutputFormat format = oci::OutputFormat::kube;
  std::optional<std::filesystem::path> output; ///< none: print
  std::optional<std::filesystem::path> old;    ///< --diff
  bool force = false;
  bool config_only = false; ///< oci
  oci::KubernetesOptions kubernetes;
  /// The images, which are built or looked up no earlier than they are needed.
  std::function<ImageNames()> images;
};

/// What came of it.
struct Outcome {
  std::string text;                            ///< for stdout: the files, or the comparison
  std::optional<std::filesystem::path> folder; ///< what was written
  bool in_project = false;                     ///< the folder lies in the workspace, and the box sees it read-only
  std::vector<std::string> left;               ///< what earlier runs left beside it and stays, and why
  bool broader = false;                        ///< --diff found something
};

/// Renders the set and writes or prints it. Throws support::Error; then nothing has changed on disk.
Outcome generate(const policy::Policy& policy, const Request& request);

} // namespace agentbox::generate
