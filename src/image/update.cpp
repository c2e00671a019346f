// SPDX-License-Identifier: Apache-2.0
#include "image/update.hpp"

#include <algorithm>

#include "image/agent_set.hpp"
#include "image/npm.hpp"
#include "policy/package_names.hpp"
#include "support/error.hpp"
#include "support/file.hpp"
#include "support/text.hpp"

namespace agentbox::image {
namespace {

using support::Error;
using support::ExitCode;

constexpr std::uint64_t k_max_reply = 4U << 20U;
constexpr const char* k_latest = "latest";

[[noreturn]] void refuse(const std::string& package, SignatureState state) {
  const std::string own = (support::config_directory() / "npm-keys.json").string();
  switch (state) {
  case SignatureState::missing:
    throw Error(
        ExitCode::refused, package + " has no signature",
        R"(if you trust a mirror that removes npm's signatures, write {"keys": [], "allow_unsigned": true} to )" + own);
  case SignatureState::unknown_key:
    throw Error(ExitCode::refused, package + " is signed with keys that agentbox does not know",
                "if the registry signs with keys of its own, add them to " + own + "; npm's keys come with agentbox");
  case SignatureState::expired_key:
    throw Error(ExitCode::refused, package + " is signed with a key that has expired",
                "the registry sends an old version or a replayed signature; check npm_config_registry");
  case SignatureState::valid:
  case SignatureState::invalid: break;
  }
  throw Error(ExitCode::refused, package + " has an invalid signature",
              "do not use it: the owner of the key signed something else; check npm_config_registry");
}

/// Queries a registry and checks its replies.
class RegistryClient {
public:
  RegistryClient(const std::string& registry, const Fetcher& fetcher, const RegistryTrust& trust)
      : m_registry(registry), m_fetcher(fetcher), m_trust(trust) {}

  /// Returns the package that is published as `version` of `name`, and its description in `description`.
  PinnedPackage ask(const std::string& name, const std::string& version, PublishedVersion* description = nullptr) {
    const std::string address = version_address(m_registry, name, version);
    const PublishedVersion published = parse_published(m_fetcher.text(address, k_max_reply), address);
    if (version != k_latest && published.version != version) {
      throw Error(ExitCode::refused, address + " sent version " + published.version, "check npm_config_registry");
    }
    PinnedPackage package{name, published.version, published.integrity};
    const SignatureState state = check_signatures(package, published.signatures, m_trust.keys, m_now);
    if (state == SignatureState::missing && m_trust.allow_unsigned) {
      m_is_signed = false;
    } else if (state != SignatureState::valid) {
      refuse(name + " " + published.version + " of " + m_registry, state);
    }
    if (description != nullptr) {
      *description = published;
    }
    return package;
  }
  bool is_signed() const { return m_is_signed; }

private:
  const std::string& m_registry;
  const Fetcher& m_fetcher;
  const RegistryTrust& m_trust;
  std::string m_now = utc_now();
  bool m_is_signed = true;
};

} // namespace

NewestVersions newest_versions(const std::string& registry, const Fetcher& fetcher, const RegistryTrust& trust,
                               const std::map<std::string, std::string>& agents) {
  RegistryClient client(registry, fetcher, trust);
  NewestVersions newest;
  const std::vector<agents::AgentData> needed = agents_of(agents, {});
  const auto add = [&](const agents::AgentData& data) {
    PinnedAgent agent;
    agent.version = data.npm.version.empty() ? client.ask(data.npm.package, k_latest).version : data.npm.version;
    for (const Variant& variant : variants_of(data.npm, agent.version)) {
      agent.packages[variant.platform] = client.ask(variant.package, variant.version);
    }
    newest.lock.agents[data.name] = std::move(agent);
  };
  for (const agents::AgentData& data : needed) {
    const auto own = agents.find(data.name);
    if (own == agents.end() || own->second.empty()) {
      add(data);
    } else if (own->second.ends_with(std::string("@") + k_latest)) {
      newest.lock.agents[data.name] = pin_package(data.name, own->second, registry, fetcher, trust);
    }
  }
  for (const agents::AgentData& data : agents::agent_data()) {
    if (std::any_of(needed.begin(), needed.end(), [&](const auto& one) { return one.name == data.name; })) {
      continue;
    }
    try {
      add(data);
    } catch (const Error& error) { // a mirror need not have the agents of other images
      if (error.code() != ExitCode::failed) {
        throw;
      }
      newest.missing[data.name] = error.what();
    }
  }
  newest.is_signed = client.is_signed();
  return newest;
}

PinnedAgent pin_package(const std::string& name, const std::string& package, const std::string& registry,
                        const Fetcher& fetcher, const RegistryTrust& trust) {
  const auto at = package.rfind('@');
  const std::string version = package.substr(at + 1);
  if (!policy::is_npm_name(package.substr(0, at)) || (version != k_latest && !is_version(version))) {
    throw Error(ExitCode::usage, support::in_quotes(package) + " is not a package of npm's registry with a version",
                "write NAME@VERSION in [agents." + name + "], such as \"@vendor/agent@1.2.3\"");
  }
  RegistryClient client(registry, fetcher, trust);
  PublishedVersion published;
  PinnedAgent agent;
  agent.packages["any"] = client.ask(package.substr(0, at), version, &published);
  agent.version = published.version;
  if (published.dependencies > 0) {
    throw Error(
        ExitCode::refused,
        package + " needs " + std::to_string(published.dependencies) + " other packages, which cannot be pinned",
        "agentbox installs only packages that contain all they need; use a base image with the agent, or packages");
  }
  const auto named = published.programs.find(name);
  if (named == published.programs.end() && published.programs.size() != 1) {
    throw Error(ExitCode::failed, package + " has no program " + name, "give the agent the name of its program");
  }
  agent.program = named != published.programs.end() ? named->second : published.programs.begin()->second;
  return agent;
}

std::vector<VersionChange> compare(const AgentsLock& pinned, const AgentsLock& newest) {
  std::vector<VersionChange> changes;
  for (const auto& [name, agent] : newest.agents) {
    const auto found = pinned.agents.find(name);
    changes.push_back({name, found == pinned.agents.end() ? "" : found->second.version, agent.version});
  }
  return changes;
}

} // namespace agentbox::image
