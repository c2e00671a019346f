// SPDX-License-Identifier: Apache-2.0
#include "image/recipe.hpp"

#include <algorithm>

#include "agents/agent_data.hpp"
#include "image/image_store.hpp"
#include "policy/package_names.hpp"
#include "protocol/protocol.hpp"
#include "support/digest.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/lines.hpp"
#include "support/replaced.hpp"
#include "support/sorted.hpp"
#include "support/text.hpp"

namespace agentbox::image {
namespace {

using support::Error;
using support::ExitCode;
namespace fs = std::filesystem;

constexpr std::size_t k_max_data_bytes = 256U << 10U;
constexpr std::size_t k_tag_digits = 12;
constexpr std::string_view k_agents = "# @AGENTS@\n"; // in Containerfile

std::string read(const fs::path& path) {
  return support::read_file(path, k_max_data_bytes);
}

// Length before content, so that different lists of parts never hash the same bytes.
void add(support::Sha256& digest, std::string_view part) {
  digest.update(std::to_string(part.size()) + ":");
  digest.update(part);
}

std::string digest_of(const Recipe& recipe) {
  support::Sha256 digest;
  for (const auto* values : {&recipe.files, &recipe.arguments, &recipe.labels}) {
    for (const auto& [name, value] : *values) {
      add(digest, name);
      add(digest, value);
    }
    add(digest, "");
  }
  add(digest, recipe.format);
  return digest.hex();
}

} // namespace

std::vector<std::string> parse_packages(std::string_view text, std::string_view where) {
  std::vector<std::string> packages;
  for (std::string_view line : support::lines(text)) {
    line = line.substr(0, line.find('#'));
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    if (line.empty()) {
      continue;
    }
    if (!policy::is_package_name(line)) {
      throw Error(ExitCode::failed,
                  std::string(where) + ": " + support::in_quotes(line) + " is not a valid package name",
                  "write one name per line, or reinstall the agentbox package");
    }
    packages.emplace_back(line);
  }
  return packages;
}

std::vector<std::string> load_packages(const fs::path& data, Family family, const std::vector<std::string>& toolkits) {
  const std::string file = std::string(name_of(family)) + ".txt";
  std::vector<fs::path> lists = {data / "agent/packages" / file};
  for (const std::string& toolkit : toolkits) {
    lists.push_back(data / "toolkits" / toolkit / file);
  }
  std::vector<std::string> packages;
  for (const fs::path& list : lists) {
    for (std::string& name : parse_packages(read(list), list.string())) {
      if (std::find(packages.begin(), packages.end(), name) == packages.end()) {
        packages.push_back(std::move(name));
      }
    }
  }
  return packages;
}

Recipe tools_recipe(const fs::path& data, const Base& base, Family family, const std::vector<std::string>& toolkits,
                    const std::vector<std::string>& packages) {
  const std::string family_name(name_of(family));
  const std::string chosen = support::join(toolkits, ",");
  std::vector<std::string> all = load_packages(data, family, toolkits);
  for (const std::string& name : parse_packages(support::join(packages, "\n"), "[agents] packages")) {
    if (!support::contains(all, name)) {
      all.push_back(name);
    }
  }
  std::vector<std::string> slot = {base.name, chosen};
  slot.insert(slot.end(), packages.begin(), packages.end());
  Recipe recipe;
  recipe.files = {
      {"Containerfile", read(data / "agent/Containerfile.tools")},
      {"setup/setup.sh", read(data / "agent/setup/setup.sh")},
      {"setup/family.sh", read(data / ("agent/setup/" + family_name + ".sh"))},
      {"setup/packages.txt", support::join(all, "\n") + "\n"},
  };
  recipe.arguments = {{"BASE", base.id}};
  // Buildah copies the annotations of the base to an OCI image, and old versions of Podman pass them to the runtime
  // (run.oci.*). Docker's format has none.
  recipe.format = "docker";
  recipe.labels = {
      {"org.agentbox.base", base.name},
      {"org.agentbox.base.id", base.id},
      {"org.agentbox.base.origin", base.origin},
      {"org.agentbox.family", family_name},
      {"org.agentbox.toolkits", chosen},
      {protocol::k_image_label, "tools"},
      {k_slot_label, "tools-" + support::sha256_hex(support::join(slot, "\n")).substr(0, k_tag_digits)},
  };
  recipe.tag = "localhost/agentbox/tools:" + digest_of(recipe).substr(0, k_tag_digits);
  return recipe;
}

Recipe agent_recipe(const fs::path& data, const Recipe& tools, const std::string& tools_id,
                    const std::map<std::string, AgentVersion>& agents, const std::string& entrypoint_digest) {
  Recipe recipe;
  std::string copies;
  std::string slot;
  std::map<std::string, std::string> more_labels;
  for (const auto& [name, agent] : agents) {
    copies += "COPY --from=" + name + " . /usr/local/lib/agents/" + name + "/\n";
    const agents::AgentData* known = agents::find_agent_data(name);
    if (known == nullptr || !known->in_default_image) {
      slot += "+" + name;
    }
  }
  recipe.files = {{"Containerfile", support::replaced(read(data / "agent/Containerfile"), k_agents, copies)}};
  for (const agents::AgentData& agent : agents::agent_data()) {
    if (agents.contains(agent.name)) {
      for (const std::string& file : agent.home_files) {
        recipe.files["home/" + file] = read(data / "agent/home" / file);
      }
      if (!agent.in_default_image) { // its image has these directories: an older one lacks new ones
        more_labels["org.agentbox.agent." + agent.name + ".history"] = support::join(agent.history, " ");
      }
    }
  }
  recipe.arguments = {{"TOOLS", tools_id}};
  recipe.labels = tools.labels;
  recipe.labels.merge(std::move(more_labels));
  recipe.labels[protocol::k_image_label] = "agent";
  recipe.labels[k_slot_label] =
      "agent-" + tools.labels.at(k_slot_label).substr(tools.labels.at(k_slot_label).find('-') + 1) + slot;
  recipe.labels["org.agentbox.tools"] = tools.tag;
  recipe.labels["org.agentbox.entrypoint"] = "sha256:" + entrypoint_digest;
  for (const auto& [name, agent] : agents) {
    recipe.labels["org.agentbox.agent." + name] = agent.version;
    recipe.labels["org.agentbox.agent." + name + ".integrity"] = agent.integrity;
  }
  recipe.tag = "localhost/agentbox/agent:" + digest_of(recipe).substr(0, k_tag_digits);
  return recipe;
}

} // namespace agentbox::image
