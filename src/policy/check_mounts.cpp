// SPDX-License-Identifier: Apache-2.0
// Rules about the box's tree: workspace, mounts, image.
#include <algorithm>

#include "policy/findings.hpp"
#include "policy/path_rules.hpp"
#include "policy/policy.hpp"
#include "support/ascii.hpp"
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

/// Returns whether `mount` is below `home` and that is the kept home, in which the launcher makes mount points.
bool is_in_home(const Mount& mount, const Mount& home) {
  return home.reason == k_home_reason && home.destination != mount.destination &&
         contains_path(home.destination, mount.destination);
}

bool is_reference_byte(char c) {
  return support::is_letter(c) || support::is_digit(c) || support::contains(std::string_view("._-/:@"), c);
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

namespace {

constexpr std::string_view k_package_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+._-:@";
constexpr std::size_t k_max_package = 100;

bool is_package_name(std::string_view name) {
  return !name.empty() && name.size() <= k_max_package && name.front() != '-' &&
         name.find_first_not_of(k_package_letters) == std::string_view::npos;
}

bool is_agent_name(std::string_view name) {
  constexpr std::string_view k_letters = "abcdefghijklmnopqrstuvwxyz0123456789_-";
  constexpr std::size_t k_max_agent = 32;
  return !name.empty() && name.size() <= k_max_agent && name.front() != '-' &&
         name.find_first_not_of(k_letters) == std::string_view::npos && name != "node";
}

/// NAME@VERSION or @SCOPE/NAME@VERSION; image/lock.hpp checks the parts, which become part of paths and addresses.
bool is_pinned_package(std::string_view text) {
  const auto at = text.rfind('@');
  std::string_view name = text.substr(0, at);
  const auto slash = name.find('/');
  if (name.starts_with('@') != (slash != std::string_view::npos) || at == std::string_view::npos || at == 0) {
    return false;
  }
  const std::string_view scope = slash == std::string_view::npos ? "x" : name.substr(1, slash - 1);
  name = slash == std::string_view::npos ? name : name.substr(slash + 1);
  const auto plain = [](std::string_view part) {
    return is_package_name(part) && part.front() != '.' && part.find_first_of("@:+") == std::string_view::npos;
  };
  return plain(scope) && plain(name) && is_package_name(text.substr(at + 1)) &&
         text.substr(at + 1).find(':') == std::string_view::npos;
}

} // namespace

void check_image(const ImageChoice& image, Findings& findings) {
  const auto& [base, toolkits, packages, agents] = image;
  const bool is_path = base.starts_with("dir:") || base.starts_with("tar:");
  if (is_path) {
    findings.require(is_normal_absolute(base.substr(4)) && is_clean_text(base), "image.base",
                     support::in_quotes(base) + ": the path must be absolute and normal");
  } else {
    const bool is_reference = !base.empty() && base.size() <= 255 && base.front() != '-' && base.front() != '/' &&
                              base.front() != '.' && std::all_of(base.begin(), base.end(), is_reference_byte);
    findings.require(is_reference, "image.base", support::in_quotes(base) + " is not a valid image name",
                     "write NAME[:TAG], dir:PATH or tar:PATH");
  }
  findings.require(support::is_sorted_unique(toolkits), "toolkits.selected",
                   "internal error: the toolkits are not sorted and unique");
  for (const std::string& toolkit : toolkits) {
    const auto& known = toolkit_names();
    if (!support::contains(known, toolkit)) {
      findings.add("toolkits.selected",
                   support::in_quotes(toolkit) + " is not a toolkit" + support::did_you_mean(toolkit, known),
                   "the toolkits are: " + support::join(known, ", "));
    }
  }
  findings.require(support::is_sorted_unique(packages) &&
                       std::all_of(packages.begin(), packages.end(), is_package_name),
                   "agents.packages", "the packages of an agent must be names of packages of the distribution",
                   "use letters, digits and + . _ : @ -, and no - at the start");
  for (const auto& [name, package] : agents) {
    findings.require(is_agent_name(name), "agents", support::in_quotes(name) + " cannot be the name of a program",
                     "use lower-case letters, digits, _ and -, at most 32");
    findings.require(package.empty() || is_pinned_package(package), "agents." + name + ".npm",
                     support::in_quotes(package) + " is not a package of npm's registry with a version",
                     "write NAME@VERSION, such as \"@vendor/agent@1.2.3\"");
  }
}

} // namespace agentbox::policy
