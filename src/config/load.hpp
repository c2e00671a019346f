// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "config/config_layer.hpp"
#include "config/overrides.hpp"
#include "config/sources.hpp"
#include "policy/policy.hpp"

namespace agentbox::config {

/// Settings of the launcher that are not part of the policy. A project can only narrow them.
struct Preferences {
  bool notify = false;                         ///< network.notify: desktop notifications about denied connections
  std::vector<policy::AllowEntry> build_hosts; ///< build.allow_hosts: hosts for builds, besides the mirrors
  std::uint32_t history_days = 30;             ///< agent.history_days: how long conversations are kept
  std::uint64_t home_limit = 20ULL << 30U;     ///< home.limit: bytes of a kept home
  LabelChoice label = LabelChoice::project;    ///< selinux.label
  bool git_host_settings = true;               ///< git.host_settings: boxes get some of the user's Git settings
};

/// A configuration without mistakes, for policy::build_policy().
struct Loaded {
  policy::PolicyFields fields;

  /// Changes by which the project's configuration broadens the box, compared with the same call without it. If not
  /// empty, the caller must refuse (exit 126, showing the list) unless the user trusts `project_digest` (trust.hpp) or
  /// passes --trust-project.
  std::vector<policy::Change> project_broadens;
  std::filesystem::path project_file; ///< empty when the project has none
  std::string project_digest;         ///< of all its files (ProjectTexts); empty when the project has none

  std::string project_text; ///< the text that project_digest covers, to show to the user

  Preferences preferences;

  std::vector<HostSet> sets; ///< the sets of hosts that the configuration and the command line name

  std::vector<std::string> notices; ///< about what was requested but left out

  std::vector<policy::Agent> agents; ///< all agents, built-in and configured; sorted by name
};

using LoadResult = std::variant<Loaded, policy::Diagnostics>;

/// Reads and merges all layers: defaults < system < user < project < overrides. Lists (hosts, toolkits, mounts,
/// protected paths, env) add up; a block always wins over an allow; single values of a higher layer replace lower ones.
/// Returns the result or every mistake of every layer. Reads are bounded, and symbolic links in the workspace are not
/// followed.
LoadResult load(const Sources& sources, const Overrides& overrides);

/// Returns the egress policy that boxes would have if `file` replaced the user's or the project's config.toml. The
/// saved hosts next to the replaced file still apply. An allow file is relative to the directory of `file`. Throws
/// support::Error: failed when `file` cannot be read, usage with every mistake of any layer.
policy::EgressPolicy egress_with(const Sources& sources, const std::filesystem::path& file, LayerKind kind);

/// Returns the mistakes as text for the user, one per line, with the hints indented below.
std::string describe(const policy::Diagnostics& diagnostics);

/// Returns what the project broadens as text, one change per line.
std::string describe(const std::vector<policy::Change>& changes);

} // namespace agentbox::config
