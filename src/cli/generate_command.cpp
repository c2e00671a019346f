// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <memory>
#include <spdlog/spdlog.h>

#include "box/own_mount.hpp"
#include "cli/box_options.hpp"
#include "cli/image_choice.hpp"
#include "cli/subcommands.hpp"
#include "generate/generate.hpp"
#include "image/image.hpp"
#include "podman/installation.hpp"
#include "podman/podman.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace agentbox::cli {
namespace {

using oci::OutputFormat;

struct GenerateOptions {
  BoxOptions box;
  generate::Request request;
  std::string agent_image;
  std::string firewall_image;
  std::optional<std::string> kind;
};

/// Returns the images named by options; otherwise our own, built if they are missing.
generate::ImageNames images_of(const GenerateOptions& options, const Box& box) {
  const policy::PolicyFields& fields = box.policy.fields();
  generate::ImageNames names{options.agent_image, options.firewall_image};
  if (!names.agent.empty() && !names.firewall.empty()) {
    return names;
  }
  const podman::Installation installation = podman::find_installation();
  const podman::Podman podman = podman::Podman::find();
  const podman::PodmanInfo info = podman::podman_info(podman);
  const auto checked_tag = [&](const image::ImageRef& image) {
    image::ensure_tag(podman, image);
    return image.tag;
  };
  const image::ImageRef firewall = image::ensure_firewall_image(podman, info, installation, fields.firewall_driver);
  if (names.firewall.empty()) {
    names.firewall = checked_tag(firewall);
  }
  if (names.agent.empty()) {
    const ResolvedImage image{fields.image, fields.ca_bundle, fields.workspace.source,
                              build_network(fields, box.preferences)};
    names.agent = checked_tag(build_agent_image(podman, info, installation, firewall, image, {}));
  }
  return names;
}

void set_kind(GenerateOptions& options) {
  oci::KubernetesOptions& to = options.request.kubernetes;
  using Kind = oci::KubernetesOptions::Kind;
  const std::string fallback = to.parallel > 1 ? "job" : "pod";
  const std::string kind = options.kind.value_or(fallback);
  to.kind = kind == "job" ? Kind::job : kind == "deployment" ? Kind::deployment : Kind::pod;
}

void check_image_name(const std::string& flag, const std::string& name) {
  if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:@") !=
          std::string::npos ||
      name.starts_with('-')) {
    throw support::Error(support::ExitCode::usage,
                         flag + ": " + support::in_quotes(name) + " is not a valid image name");
  }
}

int run(GenerateOptions& options, const Context& context) {
  podman::refuse_root();
  check_image_name("--agent-image", options.agent_image);
  check_image_name("--firewall-image", options.firewall_image);
  set_kind(options);
  options.box.keep_name = true; // running boxes must not change what is generated
  const Box box = open_box(options.box, context, MayAsk::no);
  const policy::Policy& policy = box.policy;
  options.request.label = box.preferences.label;
  options.request.images = [&] { return images_of(options, box); };
  for (logins::Synchronizer& login : box::synchronizers_of(policy.fields())) {
    login.start();
  }
  const generate::GenerateResult outcome = generate::generate(policy, options.request);
  for (const std::string& line : outcome.left) {
    spdlog::warn("{}", line);
  }
  if (outcome.directory) {
    spdlog::info("Files written to {}", outcome.directory->string());
  }
  if (outcome.in_project) {
    spdlog::info("The directory is inside the project and is mounted read-only in the box");
  }
  fmt::print("{}", outcome.text);
  return outcome.broader ? 1 : 0;
}

/// Adds a subcommand with the options that all formats have.
CommandSpec add_format(const CommandSpec& generate, Context& context, OutputFormat format, const char* text,
                       const std::shared_ptr<GenerateOptions>& options) {
  const CommandSpec command = generate.command(std::string(oci::format_text(format)), text);
  options->request.format = format;
  add_box_options(command, options->box);
  command.option("--output", options->request.output, "DIR", "Write the files to DIR (default: print them)");
  command.flag("--force", options->request.force, "Write into a non-empty DIR; replace generated files, keep others");
  command.option("--diff", options->request.old, "DIR",
                 "Compare with the files in DIR; exit with status 1 if the new box is broader than theirs");
  command.option("--agent-image", options->agent_image, "IMAGE", "Agent image to use (default: build it)");
  command.option("--firewall-image", options->firewall_image, "IMAGE", "Firewall image to use (default: build it)");
  command.action([options, &context] { context.exit_code = run(*options, context); });
  return command;
}

void add_kubernetes_options(const CommandSpec& command, GenerateOptions& options) {
  oci::KubernetesOptions& to = options.request.kubernetes;
  command.choice("--kind", options.kind, {"pod", "job", "deployment"},
                 "Kind of workload (default: pod, or job with --parallel)");
  command.option("--parallel", to.parallel, "N", "Run N agents, each with its own workspace, as an indexed Job");
  command.option("--namespace", to.name_space, "NAME", "Kubernetes namespace");
  command.option("--workspace-claim", to.workspace_claim, "NAME",
                 "Use an existing PersistentVolumeClaim as the workspace");
  command.option("--git", to.git_url, "URL", "Clone the workspace from URL, through the firewall");
  command.option("--git-branch", to.git_branch, "NAME", "Branch or tag to clone");
  command.flag("--workspace-host-path", to.workspace_host_path,
               "Mount the workspace from the same path on the node (single-node clusters)");
  command.flag("--runtime-seccomp", to.runtime_seccomp,
               "Use the runtime's seccomp filter, which is broader than agentbox's");
  command.footer(
      "Give at most one of --workspace-claim, --git and --workspace-host-path; without them the workspace is "
      "an empty volume.");
}

} // namespace

void add_generate(const CommandSpec& app, Context& context) {
  const CommandSpec command = app.group("generate", "Generate files that run the box without agentbox");
  const auto oci = std::make_shared<GenerateOptions>();
  const CommandSpec bundle =
      add_format(command, context, OutputFormat::oci, "Generate OCI bundles for crun and other runtimes", oci);
  bundle.flag("--config-only", oci->request.config_only, "Write only the two config.json files");
  add_format(command, context, OutputFormat::kube, "Generate a pod for podman kube play",
             std::make_shared<GenerateOptions>());
  add_format(command, context, OutputFormat::quadlet, "Generate systemd units for Podman's Quadlet",
             std::make_shared<GenerateOptions>());
  const auto kubernetes = std::make_shared<GenerateOptions>();
  add_kubernetes_options(
      add_format(command, context, OutputFormat::kubernetes, "Generate manifests for a Kubernetes cluster", kubernetes),
      *kubernetes);
}

} // namespace agentbox::cli
