// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "image/fetch.hpp"
#include "image/lock.hpp"
#include "image/registry_signature.hpp"

namespace agentbox::image {

/// An agent's pinned and newest version.
struct VersionChange {
  std::string agent;
  std::string pinned; ///< empty: not pinned
  std::string newest;
};

/// The versions that a registry publishes now.
struct NewestVersions {
  AgentsLock lock;
  bool is_signed = true;                      ///< every package; else `trust` allowed others
  std::map<std::string, std::string> missing; ///< agents of other images that the registry does not have, and why
};

/// Queries `registry` for the newest version of every built-in agent, and of each of `agents`
/// (policy::ImageChoice::agents) with a package "NAME@latest", with the integrity and signatures of its packages.
/// Downloads no package and writes nothing. Throws Error(failed) if the registry lacks a package that the image with
/// `agents` needs, and Error(refused) for a package that no key of `trust` signed.
NewestVersions newest_versions(const std::string& registry, const Fetcher& fetcher, const RegistryTrust& trust,
                               const std::map<std::string, std::string>& agents = {});

/// Returns what `registry` publishes as `package` ("NAME@VERSION" or "NAME@latest"), for agent `name`. Its program is
/// the one with the agent's name, else the only one. Downloads no package. Throws Error(refused) for a package that no
/// key of `trust` signed or that needs other packages, and Error(failed) for one without a program.
PinnedAgent pin_package(const std::string& name, const std::string& package, const std::string& registry,
                        const Fetcher& fetcher, const RegistryTrust& trust);

/// Returns the versions of all agents of `newest`, sorted by name. Pure.
std::vector<VersionChange> compare(const AgentsLock& pinned, const AgentsLock& newest);

} // namespace agentbox::image
