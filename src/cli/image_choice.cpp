// SPDX-License-Identifier: Apache-2.0
#include "cli/image_choice.hpp"

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
    return config::choose_workspace(".", support::home_folder()).path;
  } catch (const support::Error&) {
    return std::nullopt;
  }
}

/// Returns the workspace, or without a project a directory that always exists and never contains a configuration.
ResolvedImage resolve_without_project(const BoxOptions& options) {
  config::LoadResult result = config::load(config::standard_sources("/proc"), options.overrides);
  if (const auto* mistakes = std::get_if<policy::Diagnostics>(&result)) {
    throw support::Error(support::ExitCode::usage, config::describe(*mistakes));
  }
  const policy::PolicyFields& fields = std::get<config::Loaded>(result).fields;
  return {fields.image, fields.ca_bundle, std::nullopt, fields.firewall_driver};
}

} // namespace

void add_image_options(const CommandSpec& command, BoxOptions& options) {
  command.option("--base", options.overrides.base, "IMAGE",
                 "Base image, or dir:PATH or tar:PATH of a root filesystem (default: Debian 12 slim)");
  command.list("--toolkit", options.overrides.toolkits, "NAME",
               "Install a toolkit: c_cpp, python, java, web or datascience; repeatable");
  command.option("--ca-bundle", options.overrides.ca_bundle, "FILE",
                 "Trust the CA certificates in FILE while building (default: $SSL_CERT_FILE)");
  command.flag("--trust-project", options.trust_project,
               "Accept what .agentbox/config.toml broadens, for this build only");
}

ResolvedImage resolve_image(const BoxOptions& options) {
  if (!project()) {
    return resolve_without_project(options);
  }
  const policy::Policy policy = resolve_box(options, {});
  const policy::PolicyFields& fields = policy.fields();
  return {fields.image, fields.ca_bundle, fields.workspace.source, fields.firewall_driver};
}

} // namespace agentbox::cli
