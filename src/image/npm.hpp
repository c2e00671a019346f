// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "image/lock.hpp"

namespace agentbox::image {

/// The npm registry in use: npm_config_registry (or NPM_CONFIG_REGISTRY) of `environment`, else
/// https://registry.npmjs.org, without a slash at the end. Throws Error(usage) for anything but https (http only to
/// this machine), and for an address with a password in it. Pure.
std::string registry_address(const std::map<std::string, std::string>& environment);

/// Where the registry keeps the tarball of a package, by npm's convention. Pure.
std::string tarball_address(std::string_view registry, const PinnedPackage& package);

/// Where the registry tells about one version ("latest" or a number) of package `name`. Pure.
std::string version_address(std::string_view registry, std::string_view name, std::string_view version);

/// What an answer of version_address() says. Throws Error(failed) naming `address` when it is not what npm sends.
struct PublishedVersion {
  std::string version;
  std::string integrity; ///< of the tarball
};
PublishedVersion parse_published(std::string_view answer, std::string_view address);

/// One tarball that makes up an agent at `version`: for which platform, and what the registry calls it.
struct Variant {
  std::string platform;
  std::string package;
  std::string version;
};

/// How the vendors of the agents that we know publish their native binaries. Pure.
struct Vendor {
  std::string agent;   ///< "codex"
  std::string package; ///< whose "latest" is the newest version
};
const std::vector<Vendor>& vendors();
std::vector<Variant> variants_of(const Vendor& vendor, const std::string& version);

} // namespace agentbox::image
