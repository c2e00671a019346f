// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "policy/diagnostic.hpp"
#include "policy/egress.hpp"
#include "policy/types.hpp"

namespace agentbox::policy {

/// The plain values of a policy. Renderers bind every member (auto& [user, workspace, …]), so that a new one breaks
/// their build until they have decided what to do with it.
struct PolicyFields {
  User user;
  Workspace workspace;
  std::vector<Mount> mounts;
  std::map<std::string, std::string> env; ///< the box's whole environment besides what the launcher itself adds
  std::vector<PublishedPort> ports;
  Limits limits;
  Confinement confinement;
  EgressPolicy egress;
  FirewallDriver firewall_driver = FirewallDriver::nftables;
  Agent agent;
  Run run;
  ImageChoice image;
  std::optional<std::filesystem::path>
      ca_bundle;    ///< mounted read-only and named by the usual variables; never baked in
  std::string name; ///< of the box; [a-z0-9][a-z0-9-]{0,40}
  std::string hostname = "agentbox";

  bool operator==(const PolicyFields&) const = default;
};

class Policy;
using PolicyResult = std::variant<Policy, Diagnostics>;

/// The default contract's masked paths: what Podman masks, and no fewer.
const std::vector<std::string>& default_masked_paths();
/// The default contract's read-only paths.
const std::vector<std::string>& default_readonly_paths();

/// The default contract's protected paths of a workspace: what the host's programs execute because it lies there.
const std::vector<std::string>& default_protected_paths();
/// The default contract's hidden paths of a workspace: files that hold credentials by convention.
const std::vector<std::string>& default_hidden_paths();

/// A validated policy. Holding one proves that every rule of build_policy() holds; it cannot be changed.
class Policy {
public:
  const PolicyFields& fields() const noexcept { return m_fields; }

private:
  explicit Policy(PolicyFields fields) : m_fields(std::move(fields)) {}
  friend PolicyResult build_policy(PolicyFields fields);
  PolicyFields m_fields;
};

/// Checks every field and the rules between them (uid 0, empty capabilities, destinations that overlap, names, ports,
/// limits out of range, environment names that look like secrets of the host's loader: LD_*, …), and returns the
/// policy or all mistakes at once. Pure: what must be looked up on the host (does the path exist?) is done before.
PolicyResult build_policy(PolicyFields fields);

/// The contract of DESIGN.md §2 for an empty configuration: masked and read-only paths, limits, default hosts, with
/// workspace "/workspace-source" standing for the project. A golden file holds its JSON; SECURITY.md its digest.
PolicyFields default_fields();

/// Stands in to_json() and in changes for the value of a variable whose name looks like a credential's.
inline constexpr std::string_view k_hidden_value = "(hidden)";

/// The policy as canonical JSON: every field, keys sorted, two-space indent, final newline. What `policy show --json`
/// prints and what the contract's digest is taken over. Values of variables that look like credentials are hidden
/// (env_names.hpp): the text may be shown.
std::string to_json(const Policy& policy);

/// One difference between two policies.
struct Change {
  enum class Direction { broader, tighter, neutral };
  Direction direction = Direction::neutral;
  std::string field; ///< "network.allow", "mounts", "limits.pids", …
  std::string text;  ///< "+ registry.npmjs.org:443", "pids 512 -> 1024"

  bool operator==(const Change&) const = default;
};

/// Every difference from `before` to `after`, classified. Equal policies give an empty list. A difference whose
/// direction is not evident counts as broader.
std::vector<Change> diff(const PolicyFields& before, const PolicyFields& after);
inline std::vector<Change> diff(const Policy& before, const Policy& after) {
  return diff(before.fields(), after.fields());
}

} // namespace agentbox::policy
