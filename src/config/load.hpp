// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "config/overrides.hpp"
#include "config/preferences.hpp"
#include "config/sources.hpp"
#include "policy/policy.hpp"

namespace agentbox::config {

/// A configuration that was read without a mistake. policy::build_policy(fields) is the next step.
struct Loaded {
  policy::PolicyFields fields;

  /// What the project's own configuration broadens, compared with the same call without it. When this is not empty the
  /// caller must refuse (exit 126, showing the list) unless the user agreed to `project_digest` (trust.hpp), or says
  /// --trust-project for this run.
  std::vector<policy::Change> project_broadens;
  std::filesystem::path project_file; ///< empty when the project has none
  std::string project_digest;         ///< of all files of it (ProjectTexts); empty when the project has none

  std::string project_text; ///< what the digest is of, as it was read: for the user to see

  Preferences preferences;

  std::vector<policy::Agent> agents; ///< every agent there is, built in or configured; sorted by name
};

using LoadResult = std::variant<Loaded, policy::Diagnostics>;

/// Reads and merges all layers: defaults < system < user < project < overrides. Lists (hosts, toolkits, mounts,
/// protected paths, env) add up; a block always wins over an allow; single values of a higher layer replace lower ones.
/// Returns the result or every mistake of every layer. Whatever is read is bounded, and files of the workspace are
/// opened without following a symbolic link.
LoadResult load(const Sources& sources, const Overrides& overrides);

/// The mistakes as one text, a line each, with the hints indented below. For messages to the user.
std::string describe(const policy::Diagnostics& diagnostics);

/// What the project broadens as one text, a line each.
std::string describe(const std::vector<policy::Change>& changes);

} // namespace agentbox::config
