// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agents/agent_data.hpp"
#include "image/lock.hpp"
#include "image/registry_signature.hpp"

namespace agentbox::image {

/// Returns the npm registry: npm_config_registry (or NPM_CONFIG_REGISTRY) of `environment`, else
/// https://registry.npmjs.org, without a slash at the end. Throws Error(usage) for anything but https (http only to
/// this machine), and for an address with a password. Pure.
std::string registry_address(const std::map<std::string, std::string>& environment);

/// Returns the address of a package's tarball, by npm's convention. Pure.
std::string tarball_address(std::string_view registry, const PinnedPackage& package);

/// Returns the address of the description of a version ("latest" or a number) of package `name`. Pure.
std::string version_address(std::string_view registry, std::string_view name, std::string_view version);

/// The description of a version.
struct PublishedVersion {
  std::string version;
  std::string integrity; ///< of the tarball
  std::vector<RegistrySignature> signatures;
  std::map<std::string, std::string>
      programs;                 ///< "bin": the paths of its programs by name; malformed ones are left out
  std::size_t dependencies = 0; ///< packages that it needs and does not contain
};

/// Parses a reply from version_address(). Throws Error(failed) naming `address` when it is invalid, including a version
/// that cannot become part of a path and a URL.
PublishedVersion parse_published(std::string_view reply, std::string_view address);

/// A tarball with an agent: its platform, and its name and version in the registry.
struct Variant {
  std::string platform;
  std::string package;
  std::string version;
};

/// Returns the tarballs that `source` publishes for `version`. Pure.
std::vector<Variant> variants_of(const agents::NpmSource& source, const std::string& version);

} // namespace agentbox::image
