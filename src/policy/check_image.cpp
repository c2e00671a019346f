// SPDX-License-Identifier: Apache-2.0
// Rules about the image: base, toolkits, packages, agents.
#include <algorithm>
#include <string_view>

#include "agents/agent_data.hpp"
#include "policy/findings.hpp"
#include "policy/package_names.hpp"
#include "policy/path_rules.hpp"
#include "policy/policy.hpp"
#include "support/ascii.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::policy {
namespace {

bool is_reference_byte(char c) {
  return support::is_letter(c) || support::is_digit(c) || support::contains(std::string_view("._-/:@"), c);
}

/// Returns whether an agent can have this name: a program gets it, and a directory next to those of the runtimes.
bool is_agent_name(std::string_view name) {
  constexpr std::string_view k_letters = "abcdefghijklmnopqrstuvwxyz0123456789_-";
  constexpr std::size_t k_max_agent = 32;
  const agents::AgentData* known = agents::find_agent_data(name);
  return !name.empty() && name.size() <= k_max_agent && name.front() != '-' &&
         name.find_first_not_of(k_letters) == std::string_view::npos && (known == nullptr || !known->is_runtime);
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
    findings.require(package.empty() || is_npm_package(package), "agents." + name + ".npm",
                     support::in_quotes(package) + " is not a package of npm's registry with a version",
                     "write NAME@VERSION, such as \"@vendor/agent@1.2.3\"");
  }
}

} // namespace agentbox::policy
