// SPDX-License-Identifier: Apache-2.0
#include "cli/image_choice.hpp"

#include <spdlog/spdlog.h>

#include "config/load.hpp"
#include "config/sources.hpp"
#include "config/workspace.hpp"
#include "support/error.hpp"
#include "support/file.hpp"

namespace agentbox::cli {
namespace {

namespace fs = std::filesystem;

std::optional<fs::path> project() {
  try {
    return config::choose_workspace(".", support::home_directory()).path;
  } catch (const support::Error&) {
    return std::nullopt;
  }
}

/// Like build_network(), with the choice of --full-network.
box::BuildNetwork chosen_network(const policy::PolicyFields& fields, const config::Preferences& preferences) {
  box::BuildNetwork network = build_network(fields, preferences);
  network.full = fields.egress.mode == policy::NetworkMode::full;
  return network;
}

/// Resolves the image outside a project: only the user's and the system's configuration apply.
ResolvedImage resolve_without_project(const BoxOptions& options) {
  config::LoadResult result = config::load(config::standard_sources("/proc"), options.overrides);
  if (const auto* mistakes = std::get_if<policy::Diagnostics>(&result)) {
    throw support::Error(support::ExitCode::usage, config::describe(*mistakes));
  }
  const policy::PolicyFields& fields = std::get<config::Loaded>(result).fields;
  return {fields.image, fields.ca_bundle, std::nullopt,
          chosen_network(fields, std::get<config::Loaded>(result).preferences)};
}

} // namespace

void add_image_options(const CommandSpec& command, BoxOptions& options) {
  command.positional("AGENT", options.overrides.agent,
                     "Agent whose image to build (default: the configured agent, else the last used, else codex)");
  command.option("--base", options.overrides.base, "IMAGE",
                 "Base image, or dir:PATH or tar:PATH of a root filesystem (default: Debian 12 slim)");
  command.list("--toolkit", options.overrides.toolkits, "NAME",
               "Install a toolkit: c_cpp, python, java, web or datascience; repeatable");
  command.option("--ca-bundle", options.overrides.ca_bundle, "FILE",
                 "Trust the CA certificates in FILE while building (default: $SSL_CERT_FILE)");
  command.flag(
      "--full-network", options.overrides.full_network,
      "Build without the firewall: the base image's programs can reach every host, your local network included");
  command.flag("--trust-project", options.trust_project, "Trust the project's configuration, for this build only");
}

ResolvedImage resolve_image(const BoxOptions& options) {
  if (!project()) {
    return resolve_without_project(options);
  }
  const Box box = open_box(options, {}, MayAsk::no);
  const policy::PolicyFields& fields = box.policy.fields();
  return {fields.image, fields.ca_bundle, fields.workspace.source, chosen_network(fields, box.preferences)};
}

box::BuildNetwork build_network(const policy::PolicyFields& fields, const config::Preferences& preferences) {
  return {fields.firewall_driver, fields.egress, preferences.build_hosts};
}

image::ImageRef build_agent_image(const podman::Podman& podman, const podman::PodmanInfo& info,
                                  const podman::Installation& installation, const image::ImageRef& firewall,
                                  const ResolvedImage& image, image::BuildOptions options) {
  if (image.network.full) {
    spdlog::warn("WARNING: --full-network: no firewall while the image is built. The programs of the base image can "
                 "reach every host, your local network included.");
  }
  options.confinement = box::make_build_confinement(podman, info, installation, firewall.id, image.network);
  options.ca_bundle = image.ca_bundle;
  options.workspace = image.workspace;
  return image::ensure_agent_image(podman, info, installation, image.choice, options);
}

} // namespace agentbox::cli
