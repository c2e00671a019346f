// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "box/probe.hpp"
#include "config/load.hpp"
#include "policy/policy.hpp"
#include "selinux/context.hpp"
#include "selinux/file_labels.hpp"
#include "selinux/host_selinux.hpp"
#include "selinux/label_record.hpp"
#include "selinux/relabel.hpp"

namespace agentbox::box {

/// The maximum size in bytes of a CA bundle that is copied.
inline constexpr std::size_t k_max_ca_bundle = std::size_t{4} << 20U;

/// The paths that are labelled before a box starts, and the contexts of the box.
struct BoxLabels {
  bool enforcing = false;
  selinux::BoxContexts contexts;
  std::vector<selinux::Relabelling>
      user_paths; ///< the project, mounts with "label", credentials of --auth: the user is told
  std::vector<selinux::Relabelling> own_paths; ///< kept conversations and homes
};

/// A path that another running box uses.
struct HeldPath {
  std::filesystem::path path;
  std::string level;
  std::string box;
};

/// The facts about the host that choose_labels() needs.
struct LabelFacts {
  selinux::HostSelinux selinux;
  unsigned uid = 0;
  config::LabelChoice choice = config::LabelChoice::project;
  std::function<std::string(const std::filesystem::path&)> label_problem; ///< config::label_problem(), for mounts
  std::string not_a_project; ///< why the workspace is not a project (config::require_project()); empty: it is
  std::filesystem::path own; ///< agentbox's state directory, which no user's workspace can be in
  std::vector<HeldPath> held;
  std::vector<std::filesystem::path> mount_points; ///< of the host
  support::TreeChanges changes;                    ///< in the workspace
  std::function<std::optional<selinux::LabelRecord>(const std::filesystem::path&)> read_record;
  std::function<std::string(const std::filesystem::path&)> context_of;
  std::function<bool(const selinux::Context&, const std::string&, bool, selinux::Access)> is_allowed;
};

/// Returns the facts for a box with `fields`.
LabelFacts label_facts(const policy::PolicyFields& fields, const selinux::HostSelinux& selinux,
                       config::LabelChoice choice);

/// Returns the labels of all paths that the box uses. Throws Error(refused) when SELinux is enforcing and would deny
/// the box a path that agentbox may not label, and when another box uses a path with another label.
BoxLabels choose_labels(const policy::PolicyFields& fields, const Identities& sources, const LabelFacts& facts);

/// Returns when agentbox last labelled directory `workspace` (TreeChanges::since); 0 when it did not.
std::int64_t labelled_at(const std::filesystem::path& workspace);

/// Returns choose_labels() for this host; nothing where Podman does not label containers. Uses only `sources`
/// and `changes` of `host`.
std::optional<BoxLabels> labels_for(const policy::PolicyFields& fields, const podman::PodmanInfo& podman,
                                    const oci::HostFacts& host, config::LabelChoice choice);

/// Returns the contexts in the form that the renderers use.
oci::SelinuxLabels oci_labels(const selinux::BoxContexts& contexts);

/// Labels `paths` for processes with context `process`. With `announce`, reports to the user what was changed, and
/// records it. Throws Error(refused) when SELinux is enforcing and would deny `process` a path that cannot be labelled.
void apply_labels(const std::vector<selinux::Relabelling>& paths, const selinux::Context& process, bool announce,
                  selinux::FileLabels& labels);

} // namespace agentbox::box
