// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "image/family.hpp"
#include "image/lock.hpp"

namespace agentbox::image {

/// The input of `podman build` for one image. The same ingredients give the same recipe and the same tag.
struct Recipe {
  std::string tag;                              ///< "localhost/agentbox/tools:0123456789ab"
  std::map<std::string, std::string> files;     ///< of the build context, by relative path
  std::map<std::string, std::string> arguments; ///< one --build-arg: the ID of the image to build on
  std::map<std::string, std::string> labels;    ///< --label
  std::string format = "oci";                   ///< --format
};

/// A base image in the store.
struct Base {
  std::string name;   ///< as the user gave it
  std::string id;     ///< 64 hex digits
  std::string origin; ///< "registry", "local", "mmdebstrap", "rootfs"
};

/// Parses a list of package names: one per line, '#' starts a comment. Throws Error(failed) naming `where` for anything
/// else, because a name becomes a word of a shell script. Pure.
std::vector<std::string> parse_packages(std::string_view text, std::string_view where);

/// Returns the packages of the base set and of `toolkits` for `family`, in that order, without duplicates. `data` is
/// share/containerfiles.
std::vector<std::string> load_packages(const std::filesystem::path& data, Family family,
                                       const std::vector<std::string>& toolkits);

/// Returns the recipe of the tools image: base, packages, user. Reads `data`.
Recipe tools_recipe(const std::filesystem::path& data, const Base& base, Family family,
                    const std::vector<std::string>& toolkits, const std::vector<std::string>& packages = {});

/// The values that distinguish an agent's files in an image.
struct AgentVersion {
  std::string version;
  std::string integrity;
};

/// Returns the recipe of the agent's image: the agents and the entry point on top of the tools image.
/// `entrypoint_digest` is the SHA-256 of the program agent-entrypoint.
Recipe agent_recipe(const std::filesystem::path& data, const Recipe& tools, const std::string& tools_id,
                    const std::map<std::string, AgentVersion>& agents, const std::string& entrypoint_digest);

/// A label with one value for all tools images of a base and its toolkits, and another for all their agent images,
/// whatever the versions: a new image replaces those with the same value.
inline constexpr const char* k_slot_label = "org.agentbox.slot";

} // namespace agentbox::image
