// SPDX-License-Identifier: Apache-2.0
#include "image/update.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <spdlog/spdlog.h>

#include "cli/image_choice.hpp"
#include "cli/subcommands.hpp"
#include "image/image.hpp"
#include "image/npm.hpp"
#include "podman/installation.hpp"
#include "podman/podman_environment.hpp"
#include "support/error.hpp"
#include "support/signals.hpp"

namespace agentbox::cli {
namespace {

struct UpdateOptions {
  BoxOptions image;
  bool check = false;
};

/// Prints one line per agent. Returns whether any version differs.
bool report(const std::vector<image::VersionChange>& changes) {
  bool differs = false;
  for (const image::VersionChange& change : changes) {
    if (change.pinned == change.newest) {
      fmt::print("{} {} is the newest\n", change.agent, change.newest);
    } else {
      fmt::print("{} {} -> {}\n", change.agent, change.pinned.empty() ? "-" : change.pinned, change.newest);
      differs = true;
    }
  }
  return differs;
}

/// Returns the lock file in force; empty if it is damaged, because update replaces it.
image::AgentsLock pinned_versions(const std::filesystem::path& share) {
  try {
    return image::load_lock(share);
  } catch (const support::Error& error) {
    spdlog::warn("{}", error.what());
    return {};
  }
}

int update(const UpdateOptions& options) {
  podman::refuse_root();
  const support::Signals signals; // a signal ends a request cleanly
  const ResolvedImage resolved = resolve_image(options.image);
  const podman::Installation installation = podman::find_installation();
  const std::map<std::string, std::string> environment = podman::caller_environment();
  const image::Fetcher fetcher(environment, resolved.ca_bundle, support::throw_if_interrupted);
  const image::AgentsLock pinned = pinned_versions(installation.share);
  const std::string registry = image::registry_address(environment);
  const image::NewestVersions newest =
      image::newest_versions(registry, fetcher, image::load_registry_trust(installation.share), resolved.choice.agents);
  if (!newest.is_signed) {
    spdlog::warn("{} sends packages without signatures, which your npm-keys.json allows: whoever controls it chooses "
                 "the agents' programs",
                 registry);
  }
  const bool differs = report(image::compare(pinned, newest.lock));
  for (const auto& [agent, why] : newest.missing) {
    spdlog::warn("{} is not updated: {}", agent, why);
  }
  if (options.check) {
    return differs ? 1 : 0;
  }
  image::BuildOptions build;
  const bool is_new = std::any_of(newest.lock.agents.begin(), newest.lock.agents.end(), [&](const auto& agent) {
    const auto found = pinned.agents.find(agent.first);
    return found == pinned.agents.end() || found->second != agent.second;
  });
  if (is_new) {
    build.agents = newest.lock; // pinned when the image is built
  }
  const podman::Podman podman = podman::Podman::find();
  const podman::PodmanInfo info = podman::podman_info(podman);
  const image::ImageRef firewall = image::ensure_firewall_image(podman, info, installation, resolved.network.driver);
  const image::ImageRef agent = build_agent_image(podman, info, installation, firewall, resolved, build);
  image::ensure_tag(podman, agent);
  fmt::print("{}\n", agent.tag);
  return 0;
}

} // namespace

void add_update(const CommandSpec& app, Context& context) {
  const CommandSpec command = app.command("update", "Pin the newest versions of all agents and build the image");
  auto options = std::make_shared<UpdateOptions>();
  add_image_options(command, options->image);
  command.flag("--check", options->check, "Only show newer versions; exit with status 1 if there are any");
  command.footer(
      "Writes ~/.local/state/agentbox/agents.lock.json, which overrides the installed lock file; delete it to "
      "return to the installed versions.");
  command.action([options, &context] { context.exit_code = update(*options); });
}

} // namespace agentbox::cli
