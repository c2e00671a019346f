// SPDX-License-Identifier: Apache-2.0
#include "image/update.hpp"

#include "image/npm.hpp"
#include "support/file.hpp"

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
  // What the registry sent must pass the checks of a lock file.
  return parse_lock(to_json(lock), registry);
}

std::vector<VersionChange> compare(const AgentsLock& pinned, const AgentsLock& newest) {
  std::vector<VersionChange> changes;
  for (const auto& [name, agent] : newest.agents) {
    const auto found = pinned.agents.find(name);
    changes.push_back({name, found == pinned.agents.end() ? "" : found->second.version, agent.version});
  }
  return changes;
}

void write_lock(const AgentsLock& lock) {
  support::make_private_folder(support::state_folder());
  support::write_file(support::state_folder() / "agents.lock.json", to_json(lock));
}

} // namespace agentbox::image
