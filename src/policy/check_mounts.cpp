// SPDX-License-Identifier: Apache-2.0
// Rules about the box's tree: workspace and mounts.
#include <algorithm>

#include "policy/findings.hpp"
#include "policy/path_rules.hpp"
#include "policy/policy.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::policy {
namespace {

void check_source(const std::string& source, std::string_view where, Findings& findings) {
  findings.require(is_normal_absolute(source), where, support::in_quotes(source) + " is not an absolute, normal path");
  findings.require(source != "/", where, "the root directory of the host cannot be mounted");
  findings.require(is_clean_text(source), where,
                   support::in_quotes(source) + " is not valid UTF-8, which an OCI runtime configuration requires",
                   "rename the directory");
}

void check_destination(const std::string& destination, std::string_view where, Findings& findings) {
  if (!is_normal_absolute(destination) || !is_clean_text(destination)) {
    findings.add(std::string(where), support::in_quotes(destination) + " is not an absolute, normal path in the box");
    return;
  }
  if (const auto problem = destination_problem(destination); !problem.empty()) {
    findings.add(std::string(where),
                 "nothing can be mounted at " + support::in_quotes(destination) + ": " + std::string(problem),
                 "choose another path, for example /mnt/NAME");
  }
}

/// Checks a list of relative paths of the workspace.
void check_paths_inside(const std::vector<std::string>& paths, std::string_view where, Findings& findings) {
  constexpr std::size_t k_max_paths = 1024; // each costs a system call at each start, and a mount where it exists
  findings.require(support::is_sorted_unique(paths), where, "internal error: the paths are not sorted and unique");
  findings.require(paths.size() <= k_max_paths, where, "there are more than 1024 paths",
                   "list the directories that contain them");
  for (const std::string& path : paths) {
    findings.require(is_normal_relative(path) && is_clean_text(path), where,
                     support::in_quotes(path) + " is not a path inside the workspace, without \"..\"");
  }
}

std::string place(const Mount& mount) {
  return mount.reason.empty() ? "mounts" : mount.reason;
}

/// Returns whether `mount` is below `home` and `home` is the kept home, in which the launcher makes mount points.
bool is_in_home(const Mount& mount, const Mount& home) {
  return home.reason == k_home_reason && home.destination != mount.destination &&
         contains_path(home.destination, mount.destination);
}

} // namespace

void check_workspace(const Workspace& workspace, Findings& findings) {
  const auto& [source, destination, protect, mask, protect_except, mask_except] = workspace;
  check_source(source.string(), "workspace", findings);
  check_destination(destination, "workspace", findings);
  check_paths_inside(protect, "protect.paths", findings);
  check_paths_inside(mask, "mask.paths", findings);
  check_paths_inside(protect_except, "protect.except", findings);
  check_paths_inside(mask_except, "mask.except", findings);
}

void check_mounts(const PolicyFields& fields, Findings& findings) {
  for (auto mount = fields.mounts.begin(); mount != fields.mounts.end(); ++mount) {
    check_source(mount->source.string(), place(*mount), findings);
    check_destination(mount->destination, place(*mount), findings);
    if (overlap(mount->destination, fields.workspace.destination)) {
      findings.add(place(*mount),
                   support::in_quotes(mount->destination) + " and the workspace at " +
                       support::in_quotes(fields.workspace.destination) + " overlap in the box",
                   "choose another path, for example /mnt/NAME");
    }
    if (!mount->read_only && overlap(mount->source.native(), fields.workspace.source.native())) {
      findings.add(place(*mount),
                   support::in_quotes(mount->source.string()) +
                       " and the workspace overlap: protected files of one could be written through the other",
                   "mount it read-only (:ro), or start the box in the directory that contains both");
    }
    for (auto other = fields.mounts.begin(); other != mount; ++other) {
      if (overlap(mount->destination, other->destination) && !is_in_home(*mount, *other) &&
          !is_in_home(*other, *mount)) {
        findings.add(place(*mount),
                     support::in_quotes(mount->destination) + " overlaps with " +
                         support::in_quotes(other->destination) + " (" + place(*other) + ")",
                     "choose another path, for example /mnt/NAME");
      }
    }
  }
  if (fields.ca_bundle) {
    check_source(fields.ca_bundle->string(), "ca_bundle", findings);
  }
}

} // namespace agentbox::policy
