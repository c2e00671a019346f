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
/// their build until they handle it.
struct PolicyFields {
  User user;
  Workspace workspace;
  std::vector<Mount> mounts;
  std::map<std::string, std::string> env; ///< environment of the box, except what the launcher itself adds
  std::vector<PublishedPort> ports;
  Limits limits;
  Confinement confinement;
  EgressPolicy egress;
  FirewallDriver firewall_driver = FirewallDriver::nftables;
  Agent agent;
  Run run;
  ImageChoice image;
  std::optional<std::filesystem::path>
      ca_bundle;    ///< mounted read-only and named by the usual variables; never part of an image
  std::string name; ///< of the box; [a-z0-9][a-z0-9-]{0,40}
  std::string hostname = "agentbox";

  bool operator==(const PolicyFields&) const = default;
};

class Policy;
using PolicyResult = std::variant<Policy, Diagnostics>;

/// Returns the masked paths of the default contract: at least those of Podman.
const std::vector<std::string>& default_masked_paths();
/// Returns the read-only paths of the default contract.
const std::vector<std::string>& default_readonly_paths();

/// Returns the protected paths of a workspace in the default contract: files that programs of the host would execute.
const std::vector<std::string>& default_protected_paths();
/// Returns the hidden paths of a workspace in the default contract: files that contain credentials by convention.
const std::vector<std::string>& default_hidden_paths();

/// Returns the names of the package sets that can be added to the agent image: c_cpp, datascience, java, python, web.
/// Sorted.
const std::vector<std::string>& toolkit_names();

/// Returns the default base image.
const std::string& default_base_image();

/// A validated policy: every rule of build_policy() holds. Immutable.
class Policy {
public:
  const PolicyFields& fields() const noexcept { return m_fields; }

private:
  explicit Policy(PolicyFields fields) : m_fields(std::move(fields)) {}
  friend PolicyResult build_policy(PolicyFields fields);
  PolicyFields m_fields;
};

/// Checks every field and the rules between them (uid 0, empty capabilities, destinations that overlap, names, ports,
/// limits out of range, environment names that control the loader: LD_*, …), and returns the policy or all
/// mistakes together. Pure: the caller has looked up paths on the host.
PolicyResult build_policy(PolicyFields fields);

/// Returns the default contract (SECURITY.md): the policy of an empty configuration, with workspace "/workspace-source"
/// as the project. tests/golden/default-contract.json is its JSON, SECURITY.md contains the digest.
PolicyFields default_fields();

/// Replaces the value of a variable that looks like a credential in to_json() and in changes.
inline constexpr std::string_view k_hidden_value = "(hidden)";

/// Returns the policy as canonical JSON: every field, keys sorted, two-space indent, final newline. `policy show
/// --json` prints it, and the digest of the contract is computed over it. Values of variables that look like
/// credentials are hidden (env_names.hpp).
std::string to_json(const Policy& policy);

/// Parses what to_json(Policy) writes, strictly: missing and unknown keys and wrong types are errors. Hidden values are
/// k_hidden_value in the result, which is not validated: use it only to compare and show.
/// Throws support::Error(usage) naming `where` and what is wrong.
PolicyFields fields_from_json(std::string_view json, std::string_view where);

/// One difference between two policies.
struct Change {
  enum class Direction { broader, tighter, neutral };
  Direction direction = Direction::neutral;
  std::string field; ///< "network.allow", "mounts", "limits.pids", …
  std::string text;  ///< "+ registry.npmjs.org:443", "pids 512 -> 1024"

  bool operator==(const Change&) const = default;
};

/// Returns every difference from `before` to `after`, classified. A difference without an evident direction counts as
/// broader.
std::vector<Change> diff(const PolicyFields& before, const PolicyFields& after);
inline std::vector<Change> diff(const Policy& before, const Policy& after) {
  return diff(before.fields(), after.fields());
}

} // namespace agentbox::policy
