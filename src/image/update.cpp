// SPDX-License-Identifier: Apache-2.0
#include "image/update.hpp"

#include "image/npm.hpp"

namespace agentbox::image {
namespace {

constexpr std::uint64_t k_max_reply = 4U << 20U;

PublishedVersion ask(const std::string& registry, const Fetcher& fetcher, const std::string& package,
                     const std::string& version) {
  const std::string address = version_address(registry, package, version);
  return parse_published(fetcher.text(address, k_max_reply), address);
}

} // namespace

AgentsLock newest_lock(const std::string& registry, const Fetcher& fetcher) {
  AgentsLock lock;
  for (const Vendor& vendor : vendors()) {
    const std::string version = ask(registry, fetcher, vendor.package, "latest").version;
    PinnedAgent agent{version, {}};
    for (const Variant& variant : variants_of(vendor, version)) {
      const PublishedVersion published = ask(registry, fetcher, variant.package, variant.version);
      agent.packages[variant.platform] = {variant.package, variant.version, published.integrity};
    }
    lock.agents[vendor.agent] = std::move(agent);
  }
  return lock;
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
